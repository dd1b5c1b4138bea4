-- Assigns each case of BENCH_IDS once; a thread that has none left stops.
local common = dofile(os.getenv("BENCH_LUA") .. "/common.lua")
local mine, at = {}, 0
local body = string.format('{"unit_id":"%s","note":"请按期办理"}', os.getenv("BENCH_UNIT"))

function init()
  local n = 0
  for line in io.lines(os.getenv("BENCH_IDS")) do
    if n % of == id then mine[#mine + 1] = line end
    n = n + 1
  end
end

function request()
  at = at + 1
  -- wrk asks once more than it sends.
  local case = mine[math.min(at, #mine)]
  if at > #mine then wrk.thread:stop() end
  return wrk.format("POST", "/api/v1/cases/" .. case .. "/assign", common.headers({ ["If-Match"] = '"2"' }), body)
end
