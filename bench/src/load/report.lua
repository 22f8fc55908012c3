-- Makes wrk report in JSON, two lines on standard output:
--   {"line":"window",...}     summary, errors, percentiles: written and flushed as soon as the window has closed
--   {"line":"histogram",...}  the whole latency histogram as [value_us,count] pairs
-- The harness reads the server's counters between the two, while wrk's connections are still open.
--
-- `wrk ... URL DEPTH WAIT_MS` keeps DEPTH requests of a connection in flight, and opens connections so
-- many milliseconds after a thread has begun. wrk starts its threads one after the other, and a thread
-- opens its connections at once: with few files allowed, those of the first threads would leave none for
-- the last threads themselves (an epoll instance and this script), where this wait leaves them.

-- wrk calls wrk.request in each thread, before it connects; it sets it itself, after init.
local function wait_before_connecting(wait_ms)
  local ffi = require("ffi")
  ffi.cdef("int usleep(unsigned int microseconds);")
  local function set(table, name, value)
    if name == "request" then
      local request = value
      value = function()
        ffi.C.usleep(wait_ms * 1000)
        return request()
      end
    end
    rawset(table, name, value)
  end
  setmetatable(wrk, { __newindex = set })
end

function init(args)
  local numbers = {}
  for _, text in ipairs(args) do
    numbers[#numbers + 1] = tonumber(text)
  end
  local depth = numbers[1] or 1
  if numbers[2] then
    wait_before_connecting(numbers[2])
  end
  if depth > 1 then
    -- wrk sends what wrk.format returns. A global `request` would do the same, but wrk calls
    -- that one through Lua for every request.
    local batch = wrk.format():rep(depth)
    wrk.format = function() return batch end
  end
end

local function window_line(summary, latency, cpu_us)
  local errors = summary.errors
  local fields = {
    { "duration_us", summary.duration },
    { "requests", summary.requests },
    { "bytes", summary.bytes },
    { "errors_connect", errors.connect },
    { "errors_read", errors.read },
    { "errors_write", errors.write },
    { "errors_status", errors.status },
    { "errors_timeout", errors.timeout },
    { "client_cpu_us", cpu_us },
    { "latency_min_us", summary.requests > 0 and latency.min or 0 },
    { "latency_mean_us", latency.mean },
    { "latency_stdev_us", latency.stdev },
    { "latency_p50_us", latency:percentile(50) },
    { "latency_p90_us", latency:percentile(90) },
    { "latency_p99_us", latency:percentile(99) },
    { "latency_p999_us", latency:percentile(99.9) },
    { "latency_max_us", latency.max },
  }
  local text = {}
  for i, field in ipairs(fields) do
    text[i] = string.format('"%s":%.0f', field[1], field[2])
  end
  return '{"line":"window",' .. table.concat(text, ",") .. "}\n"
end

-- wrk's own `latency(i)` searches from the start for every i: seconds when the latencies spread
-- wide. This reads wrk's array in one pass. It is only taken when it agrees with wrk's own count,
-- least and largest value.
local function pairs_from_memory(latency)
  local ffi = require("ffi")
  ffi.cdef("typedef struct { uint64_t count, limit, min, max; uint64_t data[]; } wrk_stats;")
  local stats = ffi.cast("wrk_stats **", latency)[0]
  local least, largest = tonumber(stats.min), tonumber(stats.max)
  assert(least == latency.min and largest == latency.max and largest < tonumber(stats.limit))
  local pairs_text, n = {}, 0
  for value = least, largest do
    local count = tonumber(stats.data[value])
    if count > 0 then
      n = n + 1
      pairs_text[n] = string.format("[%d,%.0f]", value, count)
    end
  end
  assert(n == #latency)
  return pairs_text
end

local function pairs_from_calls(latency)
  local pairs_text = {}
  for i = 1, #latency do
    local value, count = latency(i)
    pairs_text[i] = string.format("[%d,%.0f]", value, count)
  end
  return pairs_text
end

function done(summary, latency, requests)
  -- Before anything else, so that this report is not counted as the client's work.
  local cpu_us = os.clock() * 1e6
  io.write("\n", window_line(summary, latency, cpu_us))
  io.stdout:flush()
  local pairs_text = {}
  if summary.requests > 0 then
    local read, found = pcall(pairs_from_memory, latency)
    pairs_text = read and found or pairs_from_calls(latency)
  end
  io.write('{"line":"histogram","pairs":[', table.concat(pairs_text, ","), "]}\n")
end
