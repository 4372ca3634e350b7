"""What each browser is told, and nothing that breaks other sites. Pure.

Sources: Chrome Enterprise policy list (Chromium 156 read every one in our test), Microsoft Edge policies, and
Mozilla's enterprise administrator reference. What cannot be said of one site alone is said of the whole browser, and
docs/how-to/browsers.md lists it.
"""

from typing import Any

from socle.appliance.maintenance.browser_policies.site import Site

Rules = dict[str, Any]
AUTHORITY_FILE = "socle-authority.pem"
_NOBODY = "192.0.2.0/32"
"""A documentation address (RFC 5737): an empty list of addresses would mean any address."""


def chromium(site: Site) -> Rules:
    """Return the rules for Chrome and Chromium."""
    return {
        # Trusted for this server's names alone: the practice's authority cannot speak for a bank.
        "CACertificatesWithConstraints": [
            {
                "certificate": site.authority_base64,
                "constraints": {
                    "permitted_dns_names": site.dns_names or ["socle.local"],
                    "permitted_cidrs": site.networks or [_NOBODY],
                },
            }
        ],
        # Also what keeps them when the browser is told to forget cookies at its end.
        "CookiesAllowedForUrls": site.origins,
        "ClearBrowsingDataOnExitList": [],
        "PasswordManagerBlocklist": site.origins,
        "PopupsAllowedForUrls": site.origins,
        "PrintingEnabled": True,
        "ExtensionSettings": {"*": {"runtime_blocked_hosts": [f"*://{host}" for host in site.hosts]}},
        # Of the whole browser: what is typed or shown would leave the practice, or come up for the next person.
        "AutofillAddressEnabled": False,
        "AutofillCreditCardEnabled": False,
        "TranslateEnabled": False,
        "SpellCheckServiceEnabled": False,
        "SyncDisabled": True,
        "SavingBrowserHistoryDisabled": True,  # the title of a file is its patient's name
    }


def edge(site: Site) -> Rules:
    """Return the rules for Microsoft Edge."""
    rules = chromium(site)
    for other in ("ClearBrowsingDataOnExitList", "SpellCheckServiceEnabled"):
        del rules[other]
    return rules | {"ClearBrowsingDataOnExit": False, "MicrosoftEditorProofingEnabled": False}


def firefox(site: Site) -> Rules:
    """Return the rules for Firefox."""
    return {
        "Certificates": {"ImportEnterpriseRoots": True, "Install": [AUTHORITY_FILE, f"/etc/firefox/{AUTHORITY_FILE}"]},
        "Cookies": {"Allow": site.origins},
        "SanitizeOnShutdown": {
            "Cache": False,
            "Cookies": False,
            "Sessions": False,
            "SiteSettings": False,
            "Locked": True,
        },
        "PasswordManagerExceptions": site.origins,
        "PopupBlocking": {"Allow": site.origins},
        "ExtensionSettings": {"*": {"restricted_domains": list(site.names)}},
        "AutofillAddressEnabled": False,
        "AutofillCreditCardEnabled": False,
        "DisableFormHistory": True,
        "TranslateEnabled": False,
        "DisableFirefoxAccounts": True,
        "Preferences": {"places.history.enabled": {"Value": False, "Status": "locked"}},
    }
