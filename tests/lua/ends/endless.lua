--@@ while
while true do end

--@@ repeat
repeat until false

--@@ numeric_for
for i = 1, math.huge do end

--@@ tail_calls
local function f() return f() end return f()

--@@ caught_errors
while true do pcall(error, 'x') end

--@@ caught_loop
pcall(function() while true do end end) while true do end

--@@ calls
while true do redis.call('GET', 'x') end

--@@ caught_calls
while true do redis.pcall('NOPE') end

--@@ tables
while true do local t = {} end

--@@ strings
while true do string.rep('x', 100000) end

--@@ coroutine
coroutine.wrap(function() while true do end end)()

--@@ yields
local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end

--@@ comparator
table.sort({3, 2, 1}, function() while true do end end)

--@@ replacement
string.gsub('x', 'x', function() while true do end end)

--@@ index
local t = setmetatable({}, {__index = function() while true do end end}) return t.x

--@@ pattern
string.find(string.rep('a', 100000), string.rep('a*', 200) .. 'b')

--@@ generic_for
for k in function() return 1 end do end

--@@ error_handler
xpcall(function() while true do end end, function() end) while true do end

--@@ compiler
while true do loadstring('return 1')() end

--@@ json
while true do cjson.decode('[1,2,3]') end

--@@ patbomb
local ok,e=pcall(string.find,("a"):rep(300000),(".-"):rep(20).."b") return tostring(ok)

--@@ loop_pcall
while true do pcall(function() while true do end end) end

--@@ loop_pcall_tail
local function f() pcall(f) return f() end f()

--@@ loop_coroutine_pcall
while true do local c=coroutine.wrap(function() while true do end end) pcall(c) end

--@@ loop_native
local s=("x"):rep(1000) while true do s:find("y") end

--@@ loop_memory_pcall
while true do pcall(function() local t={} local i=0 while true do i=i+1 t[i]={i} end end) end
