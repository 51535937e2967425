"""Alerts as staff see them: the list, one alert with its story, and what people do with them."""
