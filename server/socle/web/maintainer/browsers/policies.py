"""The page of files that tell the workstations' browsers how to treat this server."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from socle.appliance.maintenance import authority
from socle.appliance.maintenance.browser_policies import files
from socle.appliance.maintenance.browser_policies.site import Site, known_names
from socle.appliance.maintenance.certificate_files import AUTHORITY_CERTIFICATE
from socle.foundation.errors import N_, SocleError
from socle.foundation.secrets import Keys
from socle.foundation.settings import Settings
from socle.web.kit import host_names
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import tool
from socle.web.maintainer.browsers.room import blueprint


class AuthorityMissing(SocleError):
    """There is no authority yet: the server has never been started with certificates of its own."""

    code = "AUTHORITY-MISSING"
    message = N_("This server has no certificate authority yet.")
    hint = N_("Start it once with “socle up”: it makes its authority then.")
    kind = "missing"


class PolicyFileUnknown(SocleError):
    """No such file."""

    code = "POLICY-FILE-UNKNOWN"
    message = N_("There is no such file for browsers.")
    hint = N_("Go back to the list of files.")
    kind = "missing"


@blueprint.get("/policies")
@allow(*MAINTAINERS)
def policies() -> ResponseReturnValue:
    """Show every file, with its digest and how it is put in place."""
    site = _site()
    return render_template("maintainer/browsers/policies.html", site=site, files=files.made(site))


@blueprint.get("/policies/<name>")
@allow(*MAINTAINERS)
def policy_file(name: str) -> ResponseReturnValue:
    """Send one file."""
    found = next((one for one in files.made(_site()) if one.name == name), None)
    if found is None:
        raise PolicyFileUnknown()
    headers = {"Content-Disposition": f'attachment; filename="{found.name}"'}
    return Response(found.content, mimetype=found.kind, headers=headers)


def _site() -> Site:
    keys, settings = tool(Keys), tool(Settings)
    if not keys.has(AUTHORITY_CERTIFICATE):
        raise AuthorityMissing()
    web = settings.web
    asked = host_names.name_in(request.host)  # the address by which the maintainer came is one the workstations use
    names = known_names([asked, *web.names, *authority.names_of_this_machine(web.names)])
    return Site(settings.practice.name, names, (web.staff_port, web.maintainer_port), keys.read(AUTHORITY_CERTIFICATE))
