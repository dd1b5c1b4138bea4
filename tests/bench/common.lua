-- What the wrk scripts of the bench share. Settings come by the environment.
local M = {}

M.token = os.getenv("BENCH_TOKEN")

function M.headers(extra)
  local all = { ["Authorization"] = "Bearer " .. M.token, ["Content-Type"] = "application/json" }
  for name, value in pairs(extra or {}) do all[name] = value end
  return all
end

-- Every thread knows its number and how many there are.
local threads = {}
function setup(thread)
  table.insert(threads, thread)
  thread:set("id", #threads - 1)
  thread:set("of", tonumber(os.getenv("BENCH_THREADS")))
end

-- One line of JSON, for the bench to read.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'BENCH {"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

return M
