"""The budget's Lua scripts. Times are whole microseconds of the Valkey server's clock, the only clock used.

Each script runs atomically. Lua's own number-to-text conversion keeps 14 digits, too few for such times: a time
that goes into a text is formatted with %.0f. Keys: state (hash: next, paused, strikes, limit), flights (sorted set:
one member "slot:id" per request that may still count at MazBot, scored with the time when it stops counting) and one
sorted set of waiting requests per priority (scored with the time when a waiter that has not come back is given up).
"""

# KEYS: state, flights, waiting sets from the lowest priority to the highest.
# ARGV: id, place of the caller's set among the waiting sets (1-based), limit, spacing, window, longest request,
#       horizon, patience, grace, deadline.
# Returns {1, microseconds until the slot, slot} | {0, microseconds to sleep, estimate} | {-1, 0, estimate}.
RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local id, place, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local spacing, window, longest = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local horizon, patience, grace = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local deadline = tonumber(ARGV[10])
local state, flights = KEYS[1], KEYS[2]
local mine = KEYS[2 + place]

local known = redis.call('HMGET', state, 'next', 'paused')
-- Without state (a new account, or Valkey was emptied) a request may have left a moment ago: wait one spacing.
-- A time further ahead than any grant could have put it comes from a lower limit or a clock set back.
local next_free = math.min(tonumber(known[1]) or (now + spacing), now + horizon + spacing)
local free = math.max(now, next_free, tonumber(known[2]) or 0)
redis.call('HSET', state, 'next', next_free, 'limit', limit)
redis.call('EXPIRE', state, 604800)

local latest = now + horizon + longest + window
redis.call('ZREMRANGEBYSCORE', flights, '-inf', now)
for _, member in ipairs(redis.call('ZRANGEBYSCORE', flights, '(' .. string.format('%.0f', latest), '+inf')) do
  redis.call('ZADD', flights, latest, member)
end
local excess = redis.call('ZCARD', flights) - limit
if excess >= 0 then
  free = math.max(free, tonumber(redis.call('ZRANGE', flights, excess, excess, 'WITHSCORES')[2]))
end

local above = 0
for i = 3, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  if i > 2 + place then above = above + redis.call('ZCARD', KEYS[i]) end
end
if above == 0 and free <= now + horizon then
  redis.call('ZREM', mine, id)
  redis.call('HSET', state, 'next', free + spacing)
  redis.call('ZADD', flights, free + longest + window, string.format('%.0f:%s', free, id))
  redis.call('PEXPIRE', flights, math.ceil((horizon + longest + window) / 1000))
  return {1, free - now, free}
end

local before = redis.call('ZRANK', mine, id) or redis.call('ZCARD', mine)
local wait = math.max(free - horizon - now, 0) + (above + before) * spacing
if wait > deadline then
  redis.call('ZREM', mine, id)
  return {-1, 0, wait}
end
local sleep = math.max(math.min(wait, patience), 1000)
redis.call('ZADD', mine, now + sleep + grace, id)
redis.call('PEXPIRE', mine, math.ceil((patience + grace) / 1000) + 1000)
return {0, sleep, wait}
"""

# A request that came back can have reached MazBot at any moment until now, so it counts for one more window.
# An answer other than 429 to a request sent after the last pause ends the escalation.
# KEYS: state, flights. ARGV: flight, slot, window.
FINISH = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
redis.call('ZADD', KEYS[2], 'XX', now + tonumber(ARGV[3]), ARGV[1])
if tonumber(ARGV[2]) >= (tonumber(redis.call('HGET', KEYS[1], 'paused')) or 0) then
  redis.call('HDEL', KEYS[1], 'strikes')
end
"""

# A 429 for a request that was under way when a pause started belongs to that pause and does not escalate it.
# KEYS: state, flights. ARGV: flight, slot, window, requested pause (-1: none), longest pause.
# Returns the microseconds until the pause ends.
PENALIZE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local slot, window = tonumber(ARGV[2]), tonumber(ARGV[3])
local asked, longest = tonumber(ARGV[4]), tonumber(ARGV[5])
redis.call('ZADD', KEYS[2], 'XX', now + window, ARGV[1])
local known = redis.call('HMGET', KEYS[1], 'paused', 'strikes')
local paused, strikes = tonumber(known[1]) or 0, tonumber(known[2]) or 0
if slot >= paused then strikes = strikes + 1 end
if asked < 0 then asked = window * 2 ^ math.min(math.max(strikes, 1) - 1, 10) end
paused = math.max(math.min(paused, now + longest), now + math.min(asked, longest))
redis.call('HSET', KEYS[1], 'paused', paused, 'strikes', strikes)
redis.call('EXPIRE', KEYS[1], 604800)
return paused - now
"""

# KEYS as for RESERVE. ARGV: window.
# Returns {limit, grants whose slot lies in the last window, microseconds of pause left, waiting per priority...}.
READING = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local known = redis.call('HMGET', KEYS[1], 'limit', 'paused')
local granted = 0
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if tonumber(string.match(member, '^(%d+):')) > now - tonumber(ARGV[1]) then granted = granted + 1 end
end
local answer = {tonumber(known[1]) or 0, granted, math.max((tonumber(known[2]) or 0) - now, 0)}
for i = 3, #KEYS do
  answer[i + 1] = redis.call('ZCOUNT', KEYS[i], string.format('(%.0f', now), '+inf')
end
return answer
"""
