"""The station's routes, gathered: the agent's, and those of the browser it opens."""

from socle.web.station import agent, entry

blueprint = agent.blueprint
ROUTES = (agent, entry)
"""Both modules put their routes on the one blueprint."""
