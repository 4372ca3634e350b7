"""The workstation's agent: watches the card, opens the practice's pages with it, locks when it leaves."""
