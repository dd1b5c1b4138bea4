-- POST of an application that is registered at once: a citizen of his own and a key of its own each time.
local common = dofile(os.getenv("BENCH_LUA") .. "/common.lua")
local run, count = tonumber(os.getenv("BENCH_RUN")), 0
local weights = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 }

-- 60 years of 12 months of 28 days, and 999 people on each.
local function citizen(n)
  local serial, day = n % 999 + 1, math.floor(n / 999) % 20160
  local body = string.format("220104%04d%02d%02d%03d", 1940 + math.floor(day / 336),
    1 + math.floor(day / 28) % 12, 1 + day % 28, serial)
  local sum = 0
  for i = 1, 17 do sum = sum + weights[i] * tonumber(body:sub(i, i)) end
  return body .. ("10X98765432"):sub(sum % 11 + 1, sum % 11 + 1)
end

function request()
  count = count + 1
  local n = run * 400000 + (count - 1) * of + id
  local body = string.format(
    '{"applicant":{"type":"natural_person","name":"王小明","id_kind":"resident_id_card","id_number":"%s","phone":"140%08d"},"channel":"in_person","register":true,"subject":"2024年度车辆管理收费标准","description":"申请公开2024年度车辆管理各项收费的标准和批准文件。"}',
    citizen(n), n % 100000000)
  return wrk.format("POST", "/api/v1/cases",
    common.headers({ ["Idempotency-Key"] = string.format("bench-%d-%d-%d", run, id, count) }), body)
end
