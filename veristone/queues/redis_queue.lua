-- One step of a queue, atomic as every script. ARGV: verb, time (empty: the server's), arguments.
-- KEYS: the parts of this queue, then those of the queues that an ack puts into.
--
-- queue    hash: format, policy, and the counts open, dead, done
-- stream   Redis Stream of items never acked, fields k (key) and p (payload); consumer group "c"
-- seen     set of every key ever put
-- items    hash: key -> JSON {i: stream id, a: attempt, f: fence, s: state, r: reasons}, from the
--          first delivery to the ack; states are leased, returned, dead
-- leased   zset: key -> when the lease expires        returned  zset: key -> when it is due
-- dead     zset of keys, all with score 0, hence in byte order
-- complete set of producers that are done
-- results  hash: key -> what was kept of the item     kept      zset of its keys, as dead
-- counts   hash: name -> sum
local PARTS = {'queue', 'stream', 'seen', 'items', 'leased', 'returned', 'dead', 'complete',
  'results', 'kept', 'counts'}
local GROUP, REASONS, PAGE_BYTES = 'c', 20, 8 * 1024 * 1024
local verb, now = ARGV[1], tonumber(ARGV[2])

if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end

local function number(x) return string.format('%.6f', x) end

-- The queue number n (from 0) of KEYS.
local function at(n)
  local q = {}
  for i, part in ipairs(PARTS) do q[part] = KEYS[n * #PARTS + i] end
  q.policy = cjson.decode(redis.call('HGET', q.queue, 'policy'))
  return q
end

local me = at(0)
local function count(q, field, by) return redis.call('HINCRBY', q.queue, field, by) end

local function load(q, key)
  local text = redis.call('HGET', q.items, key)
  return text and cjson.decode(text)
end

local function save(q, key, item) redis.call('HSET', q.items, key, cjson.encode(item)) end

local function blame(item, reason)
  item.r = item.r or {}
  table.insert(item.r, reason)
  if #item.r > REASONS then table.remove(item.r, 1) end
end

local function give_back(q, key, item, due)
  redis.call('ZREM', q.leased, key)
  item.s = 'returned'
  redis.call('ZADD', q.returned, due, key)
  save(q, key, item)
end

local function bury(q, key, item)
  redis.call('ZREM', q.leased, key)
  item.s = 'dead'
  redis.call('ZADD', q.dead, 0, key)
  count(q, 'open', -1)
  count(q, 'dead', 1)
  save(q, key, item)
end

local function sweep(q)
  while true do
    local expired =
      redis.call('ZRANGEBYSCORE', q.leased, '-inf', number(now), 'WITHSCORES', 'LIMIT', 0, 500)
    if #expired == 0 then return end
    for n = 1, #expired, 2 do
      local key, due = expired[n], expired[n + 1]
      local item = load(q, key)
      blame(item, 'the lease expired')
      if item.a >= q.policy.max_attempts then bury(q, key, item) else give_back(q, key, item, due) end
    end
  end
end

local function is_complete(q) return redis.call('SCARD', q.complete) >= q.policy.producers end

local function open(q) return tonumber(redis.call('HGET', q.queue, 'open')) end

local function payload(q, id)
  local entry = redis.call('XRANGE', q.stream, id, id)
  return entry[1][2][4]
end

local function insert(q, key, content)
  redis.call('SADD', q.seen, key)
  redis.call('XADD', q.stream, '*', 'k', key, 'p', content)
  count(q, 'open', 1)
end

local steps = {}

-- key, payload, ... -> accepted, new; or -1, 0 if the producers are complete
function steps.put()
  if is_complete(me) then return {-1, 0} end
  local accepted, new, room = 0, 0, me.policy.capacity - open(me)
  for n = 3, #ARGV, 2 do
    if redis.call('SISMEMBER', me.seen, ARGV[n]) == 0 then
      if room <= 0 then break end
      insert(me, ARGV[n], ARGV[n + 1])
      room, new = room - 1, new + 1
    end
    accepted = accepted + 1
  end
  return {accepted, new}
end

-- n, ttl, fence, consumer -> finished, expires_at, (key, attempt, payload)...
function steps.lease()
  local n, expires, fence, consumer = tonumber(ARGV[3]), now + tonumber(ARGV[4]), ARGV[5], ARGV[6]
  local given = {}
  local function lend(key, item, content)
    item.a, item.f, item.s = item.a + 1, fence, 'leased'
    save(me, key, item)
    redis.call('ZADD', me.leased, number(expires), key)
    table.insert(given, key)
    table.insert(given, item.a)
    table.insert(given, content)
  end
  local due = redis.call('ZRANGEBYSCORE', me.returned, '-inf', number(now), 'LIMIT', 0, n)
  for _, key in ipairs(due) do
    local item = load(me, key)
    redis.call('ZREM', me.returned, key)
    redis.call('XCLAIM', me.stream, GROUP, consumer, 0, item.i, 'FORCE', 'JUSTID')
    lend(key, item, payload(me, item.i))
  end
  if #due < n then
    local fresh = redis.call(
      'XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', n - #due, 'STREAMS', me.stream, '>')
    for _, entry in ipairs(fresh and fresh[1] and fresh[1][2] or {}) do
      lend(entry[2][2], {i = entry[1], a = 0}, entry[2][4])
    end
  end
  local finished = #given == 0 and open(me) == 0 and is_complete(me)
  return {finished and 1 or 0, number(expires), unpack(given)}
end

-- The item of a token, if nobody else was given it since.
local function held(key, fence)
  local item = load(me, key)
  return item and item.f == fence and item or nil
end

-- ttl, (key, fence)... -> indexes of the refused
function steps.extend()
  local refused = {}
  for n = 4, #ARGV, 2 do
    local key = ARGV[n]
    local item = held(key, ARGV[n + 1])
    if item and item.s ~= 'dead' then
      redis.call('ZREM', me.returned, key)
      redis.call('ZADD', me.leased, number(now + tonumber(ARGV[3])), key)
      item.s = 'leased'
      save(me, key, item)
    else
      table.insert(refused, (n - 4) / 2)
    end
  end
  return refused
end

-- The items {queue, key, payload} of an outcome that are new, or nil where one has no room.
local function new_items(puts, full)
  local fresh, wanted, seen = {}, {}, {}
  for _, put in ipairs(puts) do
    local q, key = put[1], put[2]
    if full[q] then return nil end
    local id = q.queue .. ' ' .. key
    if not seen[id] and redis.call('SISMEMBER', q.seen, key) == 0 then
      seen[id] = true
      wanted[q] = (wanted[q] or 0) + 1
      table.insert(fresh, put)
    end
  end
  for q, n in pairs(wanted) do
    if open(q) > 0 and open(q) + n > q.policy.capacity then
      full[q] = true
      return nil
    end
  end
  return fresh
end

-- this queue's name, how many queues to put into, then for each item: key, fence, "1" if it has a
-- result, the result, how many counts, (name, by)..., how many puts, (queue from 1, key, payload)...
-- -> indexes of the refused, of the blocked
function steps.ack()
  local targets, full, refused, blocked = {}, {}, {}, {}
  for n = 1, tonumber(ARGV[4]) do
    targets[n] = at(n)
    -- The queue acked may be among them.
    if targets[n].queue == me.queue then targets[n] = me else sweep(targets[n]) end
  end
  local n, index = 4, -1
  local function next_argument()
    n = n + 1
    return ARGV[n]
  end
  while n < #ARGV do
    index = index + 1
    local key, fence, has_result = next_argument(), next_argument(), next_argument()
    local result = next_argument()
    local counts, puts = {}, {}
    for i = 1, tonumber(next_argument()) do counts[i] = {next_argument(), next_argument()} end
    for i = 1, tonumber(next_argument()) do
      puts[i] = {targets[tonumber(next_argument())], next_argument(), next_argument()}
    end
    local item = held(key, fence)
    local fresh = item and new_items(puts, full)
    if not item then
      table.insert(refused, index)
    elseif not fresh then
      table.insert(blocked, index)
    else
      for _, put in ipairs(fresh) do insert(put[1], put[2], put[3]) end
      for _, put in ipairs(puts) do
        redis.call('SREM', put[1].complete, ARGV[3])
      end
      if has_result == '1' then
        redis.call('HSET', me.results, key, result)
        redis.call('ZADD', me.kept, 0, key)
      end
      for _, each in ipairs(counts) do redis.call('HINCRBY', me.counts, each[1], each[2]) end
      redis.call('HDEL', me.items, key)
      redis.call('ZREM', me.leased, key)
      redis.call('ZREM', me.returned, key)
      redis.call('ZREM', me.dead, key)
      redis.call('XACK', me.stream, GROUP, item.i)
      redis.call('XDEL', me.stream, item.i)
      count(me, item.s == 'dead' and 'dead' or 'open', -1)
      count(me, 'done', 1)
    end
  end
  return {refused, blocked}
end

-- limit, after -> (key, result)...
function steps.results()
  local listed, size = {}, 0
  local after = ARGV[4] == '' and '-' or '(' .. ARGV[4]
  for _, key in ipairs(redis.call('ZRANGEBYLEX', me.kept, after, '+', 'LIMIT', 0, ARGV[3])) do
    local result = redis.call('HGET', me.results, key)
    table.insert(listed, {key, result})
    size = size + #result
    if size > PAGE_BYTES then break end
  end
  return listed
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
      local never = tonumber(ARGV[n + 2]) == math.huge
      if counts and (never or item.a >= me.policy.max_attempts) then
        bury(me, key, item)
      else
        give_back(me, key, item, number(now + tonumber(ARGV[n + 2])))
      end
    else
      table.insert(refused, (n - 5) / 3)
    end
  end
  return refused
end

-- "1" or "0", producer
function steps.producer()
  redis.call(ARGV[3] == '1' and 'SADD' or 'SREM', me.complete, ARGV[4])
end

-- -> open, leased, delayed, dead, done, finished
function steps.stats()
  return {
    open(me), redis.call('ZCARD', me.leased),
    redis.call('ZCOUNT', me.returned, '(' .. number(now), '+inf'),
    redis.call('ZCARD', me.dead), tonumber(redis.call('HGET', me.queue, 'done')),
    open(me) == 0 and is_complete(me) and 1 or 0,
  }
end

-- limit, after -> (key, payload, attempts, reasons as JSON)...
function steps.dead()
  local listed = {}
  local after = ARGV[4] == '' and '-' or '(' .. ARGV[4]
  for _, key in ipairs(redis.call('ZRANGEBYLEX', me.dead, after, '+', 'LIMIT', 0, ARGV[3])) do
    local item = load(me, key)
    table.insert(listed, {key, payload(me, item.i), item.a, item.r and cjson.encode(item.r) or '[]'})
  end
  return listed
end

-- keys -> how many were dead letters
function steps.put_back()
  local back = 0
  for n = 3, #ARGV do
    if redis.call('ZREM', me.dead, ARGV[n]) == 1 then
      local item = load(me, ARGV[n])
      item.a, item.f = 0, nil
      give_back(me, ARGV[n], item, number(now))
      count(me, 'dead', -1)
      count(me, 'open', 1)
      back = back + 1
    end
  end
  return back
end

sweep(me)
return steps[verb]()
