-- One step of a queue, atomic as every script. ARGV: verb, time (empty: the server's), arguments.
--
-- queue    hash: format, policy, and the counts open, dead, done
-- stream   Redis Stream of items never acked, fields k (key) and p (payload); consumer group "c"
-- seen     set of every key ever put
-- items    hash: key -> JSON {i: stream id, a: attempt, f: fence, s: state, r: reasons}, from the
--          first delivery to the ack; states are leased, returned, dead
-- leased   zset: key -> when the lease expires        returned  zset: key -> when it is due
-- dead     zset of keys, all with score 0, hence in byte order
-- complete set of producers that are done             wake      stream of one entry: something changed
local queue, stream, seen, items, leased, returned, dead, complete, wake =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local GROUP, REASONS = 'c', 20
local verb, now = ARGV[1], tonumber(ARGV[2])

if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end

local function number(x) return string.format('%.6f', x) end
local function count(field, by) return redis.call('HINCRBY', queue, field, by) end
local function changed() redis.call('XADD', wake, 'MAXLEN', '=', 1, '*', 'e', 1) end
local policy = cjson.decode(redis.call('HGET', queue, 'policy'))

local function load(key)
  local text = redis.call('HGET', items, key)
  return text and cjson.decode(text)
end

local function save(key, item) redis.call('HSET', items, key, cjson.encode(item)) end

local function blame(item, reason)
  item.r = item.r or {}
  table.insert(item.r, reason)
  if #item.r > REASONS then table.remove(item.r, 1) end
end

local function give_back(key, item, due)
  redis.call('ZREM', leased, key)
  item.s = 'returned'
  redis.call('ZADD', returned, due, key)
  save(key, item)
end

local function bury(key, item)
  redis.call('ZREM', leased, key)
  item.s = 'dead'
  redis.call('ZADD', dead, 0, key)
  count('open', -1)
  count('dead', 1)
  save(key, item)
end

local function sweep()
  while true do
    local expired =
      redis.call('ZRANGEBYSCORE', leased, '-inf', number(now), 'WITHSCORES', 'LIMIT', 0, 500)
    if #expired == 0 then return end
    for n = 1, #expired, 2 do
      local key, due = expired[n], expired[n + 1]
      local item = load(key)
      blame(item, 'the lease expired')
      if item.a >= policy.max_attempts then bury(key, item) else give_back(key, item, due) end
    end
    changed()
  end
end

local function is_complete() return redis.call('SCARD', complete) >= policy.producers end

local function open() return tonumber(redis.call('HGET', queue, 'open')) end

local function mark()
  local last = redis.call('XREVRANGE', wake, '+', '-', 'COUNT', 1)
  return #last > 0 and last[1][1] or '0-0'
end

local function wake_in()
  local first
  for _, zset in ipairs({leased, returned}) do
    local head = redis.call('ZRANGE', zset, 0, 0, 'WITHSCORES')
    if #head > 0 and (not first or tonumber(head[2]) < first) then first = tonumber(head[2]) end
  end
  return first and number(first - now) or ''
end

local function payload(id)
  local entry = redis.call('XRANGE', stream, id, id)
  return entry[1][2][4]
end

local steps = {}

-- key, payload, ... -> accepted, new, mark, wake_in; or -1 if the producers are complete
function steps.put()
  if is_complete() then return {-1} end
  local accepted, new, room = 0, 0, policy.capacity - open()
  for n = 3, #ARGV, 2 do
    if redis.call('SISMEMBER', seen, ARGV[n]) == 0 then
      if room <= 0 then break end
      redis.call('SADD', seen, ARGV[n])
      redis.call('XADD', stream, '*', 'k', ARGV[n], 'p', ARGV[n + 1])
      room, new = room - 1, new + 1
    end
    accepted = accepted + 1
  end
  if new > 0 then
    count('open', new)
    changed()
  end
  return {accepted, new, mark(), wake_in()}
end

-- n, ttl, fence, consumer -> finished, mark, wake_in, expires_at, (key, attempt, payload)...
function steps.lease()
  local n, expires, fence, consumer = tonumber(ARGV[3]), now + tonumber(ARGV[4]), ARGV[5], ARGV[6]
  local given = {}
  local function lend(key, item, content)
    item.a, item.f, item.s = item.a + 1, fence, 'leased'
    save(key, item)
    redis.call('ZADD', leased, number(expires), key)
    table.insert(given, key)
    table.insert(given, item.a)
    table.insert(given, content)
  end
  local due = redis.call('ZRANGEBYSCORE', returned, '-inf', number(now), 'LIMIT', 0, n)
  for _, key in ipairs(due) do
    local item = load(key)
    redis.call('ZREM', returned, key)
    redis.call('XCLAIM', stream, GROUP, consumer, 0, item.i, 'FORCE', 'JUSTID')
    lend(key, item, payload(item.i))
  end
  if #due < n then
    local fresh = redis.call(
      'XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', n - #due, 'STREAMS', stream, '>')
    for _, entry in ipairs(fresh and fresh[1] and fresh[1][2] or {}) do
      lend(entry[2][2], {i = entry[1], a = 0}, entry[2][4])
    end
  end
  local finished = #given == 0 and open() == 0 and is_complete()
  return {finished and 1 or 0, mark(), wake_in(), number(expires), unpack(given)}
end

-- The item of a token, if nobody else was given it since.
local function held(key, fence)
  local item = load(key)
  return item and item.f == fence and item or nil
end

-- ttl, (key, fence)... -> indexes of the refused
function steps.extend()
  local refused = {}
  for n = 4, #ARGV, 2 do
    local key = ARGV[n]
    local item = held(key, ARGV[n + 1])
    if item and item.s ~= 'dead' then
      redis.call('ZREM', returned, key)
      redis.call('ZADD', leased, number(now + tonumber(ARGV[3])), key)
      item.s = 'leased'
      save(key, item)
    else
      table.insert(refused, (n - 4) / 2)
    end
  end
  return refused
end

-- (key, fence)... -> indexes of the refused
function steps.ack()
  local refused = {}
  for n = 3, #ARGV, 2 do
    local key = ARGV[n]
    local item = held(key, ARGV[n + 1])
    if item then
      redis.call('HDEL', items, key)
      redis.call('ZREM', leased, key)
      redis.call('ZREM', returned, key)
      redis.call('ZREM', dead, key)
      redis.call('XACK', stream, GROUP, item.i)
      redis.call('XDEL', stream, item.i)
      count(item.s == 'dead' and 'dead' or 'open', -1)
      count('done', 1)
    else
      table.insert(refused, (n - 3) / 2)
    end
  end
  changed()
  return refused
end

-- counts, reason, (key, fence, delay)... -> indexes of the refused
function steps.nack()
  local counts, reason, refused = ARGV[3] == '1', ARGV[4], {}
  for n = 5, #ARGV, 3 do
    local key = ARGV[n]
    local item = held(key, ARGV[n + 1])
    if item and item.s == 'leased' then
      item.f = nil
      if counts then blame(item, reason) else item.a = item.a - 1 end
      if counts and item.a >= policy.max_attempts then
        bury(key, item)
      else
        give_back(key, item, number(now + tonumber(ARGV[n + 2])))
      end
    else
      table.insert(refused, (n - 5) / 3)
    end
  end
  changed()
  return refused
end

-- "1" or "0", producer
function steps.producer()
  redis.call(ARGV[3] == '1' and 'SADD' or 'SREM', complete, ARGV[4])
  changed()
end

-- -> open, leased, delayed, dead, done, finished
function steps.stats()
  return {
    open(), redis.call('ZCARD', leased),
    redis.call('ZCOUNT', returned, '(' .. number(now), '+inf'),
    redis.call('ZCARD', dead), tonumber(redis.call('HGET', queue, 'done')),
    open() == 0 and is_complete() and 1 or 0,
  }
end

-- limit, after -> (key, payload, attempts, reasons as JSON)...
function steps.dead()
  local listed = {}
  local after = ARGV[4] == '' and '-' or '(' .. ARGV[4]
  for _, key in ipairs(redis.call('ZRANGEBYLEX', dead, after, '+', 'LIMIT', 0, ARGV[3])) do
    local item = load(key)
    table.insert(listed, {key, payload(item.i), item.a, item.r and cjson.encode(item.r) or '[]'})
  end
  return listed
end

-- keys -> how many were dead letters
function steps.put_back()
  local back = 0
  for n = 3, #ARGV do
    if redis.call('ZREM', dead, ARGV[n]) == 1 then
      local item = load(ARGV[n])
      item.a, item.f = 0, nil
      give_back(ARGV[n], item, number(now))
      count('dead', -1)
      count('open', 1)
      back = back + 1
    end
  end
  changed()
  return back
end

sweep()
return steps[verb]()
