-- GET of BENCH_PATH; with BENCH_IDS (a file, an id a line) of BENCH_PATH and one of them each time.
local common = dofile(os.getenv("BENCH_LUA") .. "/common.lua")
local base, file = os.getenv("BENCH_PATH"), os.getenv("BENCH_IDS")
local requests = {}

function init()
  if not file then
    requests[1] = wrk.format("GET", base, common.headers())
    return
  end
  for line in io.lines(file) do requests[#requests + 1] = wrk.format("GET", base .. line, common.headers()) end
  math.randomseed(id + 1)
end

function request()
  return requests[math.random(#requests)]
end
