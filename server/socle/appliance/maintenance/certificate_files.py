"""What the certificates and their keys are called among the home's keys."""

AUTHORITY_KEY, AUTHORITY_CERTIFICATE = "authority-key.pem", "authority.pem"
SERVER_KEY, SERVER_CERTIFICATE = "server-key.pem", "server.pem"
