"""What people may enter about money. What a form does not declare, a POST cannot change."""
