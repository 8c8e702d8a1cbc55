"""From readings to a record: field rules and rules across fields."""
