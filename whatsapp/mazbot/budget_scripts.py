"""The budget's Lua scripts. Times are whole microseconds of the Valkey server's clock, the only clock used.

Each script runs atomically. Lua's own number-to-text conversion keeps 14 digits, too few for such times: a time
that goes into a text is formatted with %.0f. Keys: state (hash: next, paused, strikes, limit; the circuit's faults,
opened, open_until; credit:N, the slots that the other lanes owe lane N), flights (sorted set: one member
"slot:id" per request that may still count at MazBot, scored with the time when it stops counting), spent (hash: the
requests of the last 60 minutes per lane) and one sorted set of waiting requests per lane (scored with the time when a
waiter that has not come back is given up).
"""

# KEYS: state, flights, spent, waiting sets from the lowest lane to the highest.
# ARGV: id, place of the caller's set among the waiting sets (1-based), limit, spacing, window, longest request,
#       horizon, patience, grace, deadline, most slots, whether the caller comes back for more ("1") and so keeps its
#       place, and for each lane its credit for a slot that another lane takes while it waits.
# Returns {1, now, slot...} | {0, microseconds to sleep, estimate} | {-1, 0, estimate}; {-2, 0, estimate} when the
# circuit is open for longer than the deadline.
RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local id, place, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local spacing, window, longest = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local horizon, patience, grace = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local deadline, most, stays = tonumber(ARGV[10]), tonumber(ARGV[11]), ARGV[12] == '1'
local state, flights, spent = KEYS[1], KEYS[2], KEYS[3]
local lanes = #KEYS - 3
local mine = KEYS[3 + place]

local fields = {'next', 'paused', 'open_until', 'limit'}
for lane = 1, lanes do fields[4 + lane] = 'credit:' .. lane end
local known = redis.call('HMGET', state, unpack(fields))
-- A person's slot may begin a quarter of an interval early, because others are granted theirs so far ahead. The next
-- slot lies where it would have been, so no more of them fit into a minute.
local quarter = math.min(horizon, math.floor(spacing / 4))
local early = place == lanes and quarter or 0
-- Without state (a new account, or Valkey was emptied) a request may have left a moment ago: wait one spacing.
-- A time further ahead than any grant could have put it comes from a lower limit or a clock set back.
local next_free = math.min(tonumber(known[1]) or (now + spacing + early), now + horizon + quarter + spacing)
-- An open circuit holds back everything but people, whose request is as good a probe as any.
local open_until = place < lanes and tonumber(known[3])
local held = open_until and math.min(open_until, now + window + longest) or 0
if next_free ~= tonumber(known[1]) or limit ~= tonumber(known[4]) then
  redis.call('HSET', state, 'next', next_free, 'limit', limit)
  redis.call('EXPIRE', state, 604800)
end

local latest = now + horizon + longest + window
redis.call('ZREMRANGEBYSCORE', flights, '-inf', now)
for _, member in ipairs(redis.call('ZRANGEBYSCORE', flights, '(' .. string.format('%.0f', latest), '+inf')) do
  redis.call('ZADD', flights, latest, member)
end
local under_way = redis.call('ZCARD', flights)

local function earliest()
  local free = math.max(now, next_free - early, tonumber(known[2]) or 0, held)
  local excess = under_way - limit
  if excess >= 0 then
    free = math.max(free, tonumber(redis.call('ZRANGE', flights, excess, excess, 'WITHSCORES')[2]))
  end
  return free
end

-- A lane with credit for a slot goes first, of several the one with the most; otherwise the highest lane that waits.
redis.call('ZREMRANGEBYSCORE', mine, '-inf', now)
local waiting, credit, above, first = {}, {}, 0, nil
for lane = 1, lanes do
  waiting[lane] = redis.call('ZCOUNT', KEYS[3 + lane], string.format('(%.0f', now), '+inf')
  credit[lane] = tonumber(known[4 + lane]) or 0
  local due = credit[lane] >= 1 and (waiting[lane] > 0 or lane == place)
  if due and credit[lane] >= (first and credit[first] or 0) then first = lane end
  if lane > place then above = above + waiting[lane] end
end
if first == place then above = 0 elseif first then above = math.max(above, 1) end

local free = earliest()
local granted = {1, now}
while above == 0 and free <= now + horizon and #granted < most + 2 do
  granted[#granted + 1] = free
  next_free = math.max(free, next_free) + spacing
  redis.call('ZADD', flights, free + longest + window, string.format('%.0f:%s%d', free, id, #granted))
  under_way = under_way + 1
  credit[place] = math.max(credit[place] - 1, 0)
  for lane = 1, lanes do
    if lane ~= place and waiting[lane] > 0 then
      local share = tonumber(ARGV[12 + lane])
      -- Three people who come at once are all served before anything else.
      if place == lanes then share = math.min(share, 0.3) end
      credit[lane] = math.min(credit[lane] + share, 2)
      if credit[lane] >= 1 then above = 1 end
    end
  end
  if open_until then
    -- The probe of a circuit: nothing else until it is back.
    held = free + longest
    redis.call('HSET', state, 'open_until', held)
  end
  free = earliest()
end
if #granted > 2 then
  local stored = {'next', next_free}
  for lane = 1, lanes do
    stored[#stored + 1] = 'credit:' .. lane
    stored[#stored + 1] = credit[lane]
  end
  redis.call('HSET', state, unpack(stored))
  redis.call('EXPIRE', state, 604800)
  redis.call('PEXPIRE', flights, math.ceil((horizon + longest + window) / 1000))
  local minute = math.floor(now / 60000000)
  local bucket = minute % 60
  if tonumber(redis.call('HGET', spent, bucket)) ~= minute then
    for lane = 1, lanes do redis.call('HDEL', spent, bucket .. ':' .. lane) end
    redis.call('HSET', spent, bucket, minute)
    redis.call('EXPIRE', spent, 7200)
  end
  redis.call('HINCRBY', spent, bucket .. ':' .. place, #granted - 2)
  if stays then
    redis.call('ZADD', mine, math.max(now, next_free) + grace, id)
    redis.call('PEXPIRE', mine, math.ceil((next_free - now + grace) / 1000) + 1000)
  else
    redis.call('ZREM', mine, id)
  end
  return granted
end

local before = redis.call('ZRANK', mine, id) or redis.call('ZCARD', mine)
local wait = math.max(free - horizon - now, 0) + (above + before) * spacing
local estimate = wait
if wait > deadline then
  redis.call('ZREM', mine, id)
  return {held - now > deadline and -2 or -1, 0, wait}
end
-- However many wait above, this lane's credit for their slots soon makes it its turn: one that came back later would
-- leave the slots until then to no one.
local share = tonumber(ARGV[12 + place])
if share > 0 then
  if waiting[lanes] > 0 then share = math.min(share, 0.3) end
  local turns = math.max(math.ceil((1 - credit[place]) / share), first and 1 or 0)
  wait = wait - math.max(above - turns, 0) * spacing
end
local sleep = math.max(math.min(wait, patience), 1000)
redis.call('ZADD', mine, now + sleep + grace, id)
redis.call('PEXPIRE', mine, math.ceil((patience + grace) / 1000) + 1000)
return {0, sleep, estimate}
"""

# Requests that came back can have reached MazBot at any moment until now, so they count for one more window.
# An answer other than 429 to a request sent after the last pause ends the escalation. A fault (no answer, or one of a
# broken server) opens the circuit when it is the third in a row; only requests sent after it opened make it stay open
# for longer, because those under way then belong to the same fault. Any answer closes it.
# KEYS: state, flights. ARGV: window, faults in a row that open the circuit, shortest and longest time it stays open,
#       and for each request its flight, its slot and "1" for a fault.
FINISH = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local known = redis.call('HMGET', KEYS[1], 'paused', 'faults', 'opened', 'strikes')
local paused, faults, opened = tonumber(known[1]) or 0, tonumber(known[2]) or 0, tonumber(known[3]) or 0
for i = 5, #ARGV, 3 do
  redis.call('ZADD', KEYS[2], 'XX', now + tonumber(ARGV[1]), ARGV[i])
  local slot = tonumber(ARGV[i + 1])
  if known[4] and slot >= paused then redis.call('HDEL', KEYS[1], 'strikes') end
  if ARGV[i + 2] ~= '1' then
    if faults > 0 then redis.call('HDEL', KEYS[1], 'faults', 'opened', 'open_until') end
    faults, opened = 0, 0
  elseif slot >= opened then
    faults = faults + 1
    redis.call('HSET', KEYS[1], 'faults', faults)
    local beyond = faults - tonumber(ARGV[2])
    if beyond >= 0 then
      opened = now
      local pause = math.min(tonumber(ARGV[3]) * 2 ^ math.min(beyond, 20), tonumber(ARGV[4]))
      redis.call('HSET', KEYS[1], 'opened', opened, 'open_until', now + pause)
    end
  end
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
# Returns {limit, grants whose slot lies in the last window, microseconds of pause left, microseconds the circuit stays
# open, then per lane the waiting requests, then per lane the requests of the last hour}.
READING = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local known = redis.call('HMGET', KEYS[1], 'limit', 'paused', 'open_until')
local granted = 0
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if tonumber(string.match(member, '^(%d+):')) > now - tonumber(ARGV[1]) then granted = granted + 1 end
end
local answer = {tonumber(known[1]) or 0, granted, math.max((tonumber(known[2]) or 0) - now, 0),
  math.max((tonumber(known[3]) or 0) - now, 0)}
local lanes = #KEYS - 3
for lane = 1, lanes do
  answer[4 + lane] = redis.call('ZCOUNT', KEYS[3 + lane], string.format('(%.0f', now), '+inf')
  answer[4 + lanes + lane] = 0
end
local minute = math.floor(now / 60000000)
for bucket = 0, 59 do
  local at = tonumber(redis.call('HGET', KEYS[3], bucket))
  if at and at > minute - 60 then
    for lane = 1, lanes do
      local place = 4 + lanes + lane
      answer[place] = answer[place] + (tonumber(redis.call('HGET', KEYS[3], bucket .. ':' .. lane)) or 0)
    end
  end
end
return answer
"""
