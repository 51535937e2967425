"""Filling an empty install with a reseller people can play with, through the product's own operations."""
