"""What proves a person beside the password: telephones, passkeys, Pro Santé Connect, and the rules on them."""
