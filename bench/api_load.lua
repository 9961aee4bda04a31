-- Load of bench/api.py: posts the questions of a file in turn, and ends with one line of figures.
local questions, turn = {}, 0
for line in io.lines(os.getenv("QUESTIONS")) do questions[#questions + 1] = line end
local headers = { ["Content-Type"] = "application/json", ["Authorization"] = os.getenv("AUTHORIZATION") }

function request()
  turn = turn % #questions + 1
  return wrk.format("POST", nil, headers, questions[turn])
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("figures %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
