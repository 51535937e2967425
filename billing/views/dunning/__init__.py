"""What staff agree with centers that don't pay: promises, disputes."""
