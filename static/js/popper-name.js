// Bootstrap's single files look for Popper under the name of its package.
window["@popperjs/core"] = window.Popper;
