"""Filling an empty install with a reseller to try out, through the product's own operations."""
