"""The second factors of one account, as those who help with them see them."""
