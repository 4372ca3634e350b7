-- Sends the requests of a file in turn, from a given offset, and prints what came of them as one line of JSON.
local lines, headers = {}, {}
local position, wanted, wrong = 0, 0, 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(_)
  for line in io.lines(os.getenv("LOAD_HEADERS")) do
    local name, value = line:match("^([^:]+): (.*)$")
    headers[name] = value
  end
  for line in io.lines(os.getenv("LOAD_REQUESTS")) do
    local method, path, body = line:match("^(%S+)\t(%S+)\t(.*)$")
    table.insert(lines, wrk.format(method, path, headers, body ~= "" and body or nil))
  end
  position = tonumber(os.getenv("LOAD_OFFSET")) % #lines
  wanted = tonumber(os.getenv("LOAD_STATUS"))
  wrong_answers = 0
end

function request()
  position = position % #lines + 1
  return lines[position]
end

function response(status, _, _)
  if status ~= wanted then
    wrong_answers = wrong_answers + 1
  end
end

function done(summary, latency, _)
  for _, thread in ipairs(threads) do
    wrong = wrong + (thread:get("wrong_answers") or 0)
  end
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.4f, "p50": %.4f, "p95": %.4f, "p99": %.4f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000,
    wrong + e.connect + e.read + e.write + e.timeout))
end
