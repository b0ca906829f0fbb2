--@@ arithmetic
return table.concat({tostring(1+2*3-4/5),tostring(7%3),tostring(-7%3),tostring(7%-3),tostring(2^10),tostring(2^0.5),tostring(10/0),tostring(-10/0),tostring(0/0),tostring(-(0/0)),tostring(5%0),tostring(1e15),tostring(123456789012345678),tostring(0.1),tostring(1/3),tostring(-0),tostring(1e100),tostring("10"+5),tostring("0x10"*2),tostring(" 3 "-1),tostring(2^-1074),tostring(3%math.huge),tostring(-3%math.huge)},"|")
--=> 6.2|1|2|-2|1024|1.4142135623731|inf|-inf|-nan|nan|-nan|1e+15|1.2345678901235e+17|0.1|0.33333333333333|0|1e+100|15|32|2|4.9406564584125e-324|-nan|-nan

--@@ comparison
return table.concat({tostring(1<2),tostring("a"<"b"),tostring("a"<"B"),tostring("a"<"aa"),tostring("a\0b"<"a\0c"),tostring(1==1.0),tostring("1"==1),tostring(0/0==0/0),tostring(nil==false),tostring(not nil),tostring(1<=1),tostring("b">="a")},"|")
--=> true|true|false|true|true|true|false|false|false|true|true|true

--@@ logic
return table.concat({tostring(nil and 1),tostring(false or "x"),tostring(1 and 2),tostring(nil or false),tostring(not 1 == 2),tostring(1 and nil or 3),tostring((1 or error("no")))},"|")
--=> nil|x|2|false|false|3|1

--@@ concat
return 1 .. 2 .. "x" .. 1.5 .. -0.0 .. 1e20
--=> 12x1.5-01e+20

--@@ precedence
return tostring(2^3^2).." "..tostring(-2^2).." "..tostring(not 1==1).." "..tostring(1 .. 2 == "12").." "..tostring(2*3%4).." "..tostring(#"abc"+1).." "..tostring(-"2"+0)
--=> 512 -4 false true 2 4 -2

--@@ closures
local fs={} for i=1,3 do fs[i]=function() i=i+1 return i end end return fs[1]()..fs[1]()..fs[2]()..fs[3]()
--=> 2334

--@@ shared_upvalue
local function mk() local n=0 return function() n=n+1 return n end, function() return n end end local a,b=mk() a() a() return b()..""
--=> 2

--@@ while_break
local i=0 while true do i=i+1 if i>10 then break end end return i..""
--=> 11

--@@ repeat_scope
local i=0 repeat local j=i i=i+1 until j>=3 return i..""
--=> 4

--@@ repeat_closure
local fs={} local i=0 repeat local j=i fs[#fs+1]=function() return j end i=i+1 until j>=2 return fs[1]()..fs[2]()..fs[3]()
--=> 012

--@@ for_float
local r="" for i=1,2,0.25 do r=r..i.." " end for i=3,1,-1 do r=r..i end for i=1,0 do r=r.."no" end return r
--=> 1 1.25 1.5 1.75 2 321

--@@ for_string_bounds
local r="" for i="1","3" do r=r..i end return r
--=> 123

--@@ for_errors
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return t(function() for i={},1 do end end).."|"..t(function() for i=1,{} do end end).."|"..t(function() for i=1,2,"x" do end end)
--=> user_script:2: \'for\' initial value must be a number|user_script:2: \'for\' limit must be a number|user_script:2: \'for\' step must be a number

--@@ varargs
local function f(...) local a,b=... return select("#",...)..tostring(a)..tostring(b)..select(2,...,9) end return f(1,2,3).." "..f(nil,nil)
--=> 3129 2nilnil9

--@@ varargs_middle
local function f(...) return ... end return table.concat({f(1,2),f(3,4),(f(5,6))},",")
--=> 1,3,5

--@@ arg_table
local function f(...) return arg.n..":"..tostring(arg[1])..tostring(arg[2]) end return f(7,8).." "..f()
--=> 2:78 0:nilnil

--@@ multiple_assign
local a,b,c=1,2 a,b=b,a local t={} t[a],t[b]=b,a return a..b..tostring(c)..t[1]..t[2]
--=> 21nil21

--@@ assign_order
local i=1 local t={} i,t[i]=i+1,20 return i..tostring(t[1])..tostring(t[2])
--=> 220nil

--@@ nested_tables
local t={1,2,{3,4,x={y=5}},["k"]=6;7} return t[3][2]..t[3].x.y..t.k..t[4]..#t
--=> 45674

--@@ table_constructor_multi
local function f() return 1,2,3 end local t={f(),f()} local u={f(),(f())} return #t..#u
--=> 42

--@@ big_constructor
local t={1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64,65,66,67,68,69,70,71,72,73,74,75,76,77,78,79,80,81,82,83,84,85,86,87,88,89,90,91,92,93,94,95,96,97,98,99,100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119} return #t..":"..t[51]..":"..t[119]
--=> 119:51:119

--@@ method_call
local o={n=3} function o:get(x) return self.n+x end function o.st(x) return x end return o:get(4)..o.st(5)
--=> 75

--@@ string_method
return ("x"):rep(3)..("%d"):format(5)..#("abc"):upper()
--=> xxx53

--@@ numeric_literals
return tostring(0x1F)..tostring(1e2)..tostring(.5)..tostring(3.)
--=> 311000.53

--@@ strings
return "a\n\65\065\\\"\'"..[[x\n]]..[==[]]]==]..[[
first]].."a\
b"
--=> a\nAA\\\"\'x\\n]]firsta\nb

--@@ long_comment
--[[ x
 ]] local a=1 --[==[ y ]] ]==] a=a+1 -- end
return a..""
--=> 2

--@@ and_or_values
local function f(a,b,c) return a and b or c end return f(1,2,3)..f(nil,2,3)..tostring(f(1,false,3))
--=> 233

--@@ comparison_value
local a=1 local x=a==1 local y=(a>2) or (a<5 and "z") return tostring(x)..y
--=> truez

--@@ tail_call
local function f(n) if n==0 then return "done" end return f(n-1) end return f(20000)
--=> done

--@@ upvalue_loop
local t={} for i=1,5 do local j=i*2 t[i]=function() j=j+1 return j end end return t[1]()..t[2]()..t[1]()
--=> 354

--@@ goto_name
local goto=1 return goto..""
--=> 1

--@@ numeric_keys
local t={} t[1.0]=1 t["1"]=2 t[1.5]=3 t[-1]=4 t[2^53]=5 return t[1]..t["1"]..t[1.5]..t[-1]..t[2^53]
--=> 12345

--@@ nil_key
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return t(function() local x={} x[nil]=1 end).."|"..t(function() local x={} x[0/0]=1 end).."|"..tostring(({})[nil])
--=> user_script:2: table index is nil|user_script:2: table index is NaN|nil

--@@ error_index
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local z return t(function() local x x.y=1 end).."|"..t(function() return z.y end).."|"..t(function() local a={} return a.b.c end).."|"..t(function() local a={} a.b.c.d=1 end).."|"..t(function() return ("x").y.z end).."|"..t(function() local a={} return a[1][2] end).."|"..t(function() local a={} local k="q" return a[k][k] end)
--=> user_script:2: attempt to index local \'x\' (a nil value)|user_script:2: attempt to index upvalue \'z\' (a nil value)|user_script:2: attempt to index field \'b\' (a nil value)|user_script:2: attempt to index field \'b\' (a nil value)|user_script:2: attempt to index field \'y\' (a nil value)|user_script:2: attempt to index field \'?\' (a nil value)|user_script:2: attempt to index field \'?\' (a nil value)

--@@ error_call
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local u return t(function() u() end).."|"..t(function() local a={} a.b() end).."|"..t(function() local a={} a:m() end).."|"..t(function() local l l() end).."|"..t(function() (1)() end).."|"..t(function() ("x")() end).."|"..t(function() local a={} a.b.c() end).."|"..t(function() local a={} a[1]() end)
--=> user_script:2: attempt to call upvalue \'u\' (a nil value)|user_script:2: attempt to call field \'b\' (a nil value)|user_script:2: attempt to call method \'m\' (a nil value)|user_script:2: attempt to call local \'l\' (a nil value)|user_script:2: attempt to call a number value|user_script:2: attempt to call a string value|user_script:2: attempt to index field \'b\' (a nil value)|user_script:2: attempt to call field \'?\' (a nil value)

--@@ error_arith
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local u={} return t(function() return 1+u end).."|"..t(function() local a a=a+1 end).."|"..t(function() local a={} return a.x*2 end).."|"..t(function() return "a"+1 end).."|"..t(function() return -{} end).."|"..t(function() return 2^{} end).."|"..t(function() local a={} return a.x%a.y end).."|"..t(function() local s="abc" return s+1 end).."|"..t(function() return 1-nil end)
--=> user_script:2: attempt to perform arithmetic on upvalue \'u\' (a table value)|user_script:2: attempt to perform arithmetic on local \'a\' (a nil value)|user_script:2: attempt to perform arithmetic on field \'x\' (a nil value)|user_script:2: attempt to perform arithmetic on a string value|user_script:2: attempt to perform arithmetic on a table value|user_script:2: attempt to perform arithmetic on a table value|user_script:2: attempt to perform arithmetic on field \'x\' (a nil value)|user_script:2: attempt to perform arithmetic on local \'s\' (a string value)|user_script:2: attempt to perform arithmetic on a nil value

--@@ error_concat
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local u return t(function() return "a"..u end).."|"..t(function() return u.."a" end).."|"..t(function() local a={} return "x"..a.b.."y" end).."|"..t(function() return 1 ..{} end).."|"..t(function() local q return "a".."b"..q end)
--=> user_script:2: attempt to concatenate upvalue \'u\' (a nil value)|user_script:2: attempt to concatenate upvalue \'u\' (a nil value)|user_script:2: attempt to concatenate field \'b\' (a nil value)|user_script:2: attempt to concatenate a table value|user_script:2: attempt to concatenate local \'q\' (a nil value)

--@@ error_compare
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return t(function() return 1<"2" end).."|"..t(function() return {}<{} end).."|"..t(function() return nil<1 end).."|"..t(function() return {}<=1 end).."|"..t(function() return true<false end).."|"..t(function() return print end)
--=> user_script:2: attempt to compare number with string|user_script:2: attempt to compare two table values|user_script:2: attempt to compare nil with number|user_script:2: attempt to compare table with number|user_script:2: attempt to compare two boolean values|user_script:2: Script attempted to access nonexistent global variable \'print\'

--@@ error_len
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local u return t(function() return #u end).."|"..t(function() return #5 end).."|"..t(function() local a={} return #a.x end).."|"..t(function() return #print end)
--=> user_script:2: attempt to get length of upvalue \'u\' (a nil value)|user_script:2: attempt to get length of a number value|user_script:2: attempt to get length of field \'x\' (a nil value)|user_script:2: Script attempted to access nonexistent global variable \'print\'

--@@ error_level
local function f() error("m",2) end local function g() f() end local a,b=pcall(g) local c,d=pcall(function() error("m",0) end) local e,h=pcall(function() error("m",1) end) local i,j=pcall(function() error({1}) end) local k,l=pcall(error) return b.."|"..d.."|"..h.."|"..type(j).."|"..tostring(l)
--=> user_script:1: m|m|user_script:1: m|table|nil

--@@ error_lines
local a,b=pcall(function()

 error("x")
end) local c,d=pcall(function() local t


 t.x
 =1 end) return b..d
--=> user_script:3: xuser_script:8: attempt to index local \'t\' (a nil value)

--@@ error_in_tail
local function f() error("x",2) end local function g() return f() end local a,b=pcall(g) return b
--=> x

--@@ global_access
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return t(function() return zzz end).."|"..t(function() zzz.x=1 end).."|"..t(function() yyy() end)
--=> user_script:2: Script attempted to access nonexistent global variable \'zzz\'|user_script:2: Script attempted to access nonexistent global variable \'zzz\'|user_script:2: Script attempted to access nonexistent global variable \'yyy\'

--@@ pcall_results
return table.concat({tostring(pcall(function() return 1,2,3 end)),select("#",pcall(function() return 1,2,3 end)),select("#",pcall(error))},"|")
--=> true|4|2

--@@ pcall_nested
local a,b=pcall(pcall,error,"x") local c,d,e=pcall(pcall,error,"x") return tostring(b)..tostring(e)
--=> falsex

--@@ xpcall
local function h(e) return "H:"..e end local a,b=xpcall(function() error("x") end,h) local c,d,e=xpcall(function() return 1,2 end,h) local f,g=xpcall(nil,h) return tostring(a)..b..tostring(c)..d..e..tostring(f)..tostring(g)
--=> falseH:user_script:1: xtrue12falseH:attempt to call a nil value

--@@ xpcall_bad_handler
local a,b=xpcall(function() error("x") end,function(e) error("y") end) local c,d=xpcall(function() error("x") end,5) return tostring(a)..tostring(b)..tostring(c)..tostring(d)
--=> falseerror in error handlingfalseerror in error handling

--@@ assert
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return t(function() assert(false) end).."|"..t(function() assert(nil,"msg") end).."|"..t(assert).."|"..select("#",assert(1,2,3)).."|"..t(function() assert(false,{}) end)
--=> user_script:2: assertion failed!|user_script:2: msg|bad argument #1 to \'?\' (value expected)|3|user_script:2: bad argument #2 to \'assert\' (string expected, got table)

--@@ bad_argument
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return t(function() string.rep() end).."|"..t(function() ("x"):rep() end).."|"..t(function() ("x"):rep({}) end).."|"..t(function() string.rep("x","y") end).."|"..t(string.rep).."|"..t(function() local s=string.rep s() end).."|"..t(function() table.insert(1,2) end).."|"..t(function() setmetatable(1,2) end).."|"..t(function() setmetatable({},2) end).."|"..t(function() ipairs() end).."|"..t(function() tonumber() end).."|"..t(function() tostring() end).."|"..t(function() return math.floor("x") end).."|"..t(function() string.rep({}) end)
--=> user_script:2: bad argument #1 to \'rep\' (string expected, got no value)|user_script:2: bad argument #1 to \'rep\' (number expected, got no value)|user_script:2: bad argument #1 to \'rep\' (number expected, got table)|user_script:2: bad argument #2 to \'rep\' (number expected, got string)|bad argument #1 to \'?\' (string expected, got no value)|user_script:2: bad argument #1 to \'s\' (string expected, got no value)|user_script:2: bad argument #1 to \'insert\' (table expected, got number)|user_script:2: bad argument #1 to \'setmetatable\' (table expected, got number)|user_script:2: bad argument #2 to \'setmetatable\' (nil or table expected)|user_script:2: bad argument #1 to \'ipairs\' (table expected, got no value)|user_script:2: bad argument #1 to \'tonumber\' (value expected)|user_script:2: bad argument #1 to \'tostring\' (value expected)|user_script:2: bad argument #1 to \'floor\' (number expected, got string)|user_script:2: bad argument #1 to \'rep\' (string expected, got table)

--@@ bad_self
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return t(function() local s="x" s.rep() end).."|"..t(function() local o={rep=string.rep} o:rep() end).."|"..t(function() local o={rep=string.rep} o:rep(1) end)
--=> user_script:2: bad argument #1 to \'rep\' (string expected, got no value)|user_script:2: calling \'rep\' on bad self (string expected, got table)|user_script:2: calling \'rep\' on bad self (string expected, got table)

--@@ depth
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local n=0 local function f() n=n+1 return 1+f() end local m=t(f) n="" local k=0 local function g() k=k+1 return (pcall(g)) end g() return n..m.."|"..k
--=> user_script:2: stack overflow|199

--@@ depth_index
local n=0 local t=setmetatable({},{__index=function(t,k) n=n+1 return t[k] end}) local a,b=pcall(function() return t.x end) return n..b
--=> 197user_script:1: C stack overflow

--@@ depth_wrap
local n=0 local function f() n=n+1 return coroutine.wrap(f)() end local a,b=pcall(f) return n..":"..#b
--=> 199:3001

--@@ depth_tostring
local n=0 local t=setmetatable({},{__tostring=function(t) n=n+1 return tostring(t) end}) local a,b=pcall(tostring,t) return n..b
--=> 197C stack overflow

--@@ depth_gsub
local n=0 local function f() n=n+1 return (("x"):gsub("x",f)) end local a,b=pcall(f) return n..b
--=> 198C stack overflow

--@@ depth_sort
local n=0 local function f(a,b) n=n+1 table.sort({1,2},f) return false end local a,b=pcall(f) return n..b
--=> 198C stack overflow

--@@ depth_index_chain
local t={} for i=1,99 do t=setmetatable({},{__index=t}) end local a=tostring(pcall(function() return t.x end)) for i=1,5 do t=setmetatable({},{__index=t}) end local b,c=pcall(function() return t.x end) return a..c
--=> trueuser_script:1: loop in gettable

--@@ depth_loop_settable
local t={} setmetatable(t,{__index=t,__newindex=t}) local a,b=pcall(function() t.x=1 end) local c,d=pcall(function() return t.x end) return b..d
--=> user_script:1: loop in settableuser_script:1: loop in gettable

--@@ table_length_holes
local t={1,2,nil,4} local u={1,nil,3} local v={nil,nil,3} local w={n=1,1,2,[4]=4} local x={} x[1]=1 x[2]=2 x[4]=4 local y={} for i=1,10 do y[i]=i end y[5]=nil y[10]=nil return #t..#u..#v..#w..#x..#y
--=> 433249

--@@ next_order
local t={} for i=1,20 do t["k"..i]=i end t.k3=nil t.k7=nil local r={} for k,v in pairs(t) do r[#r+1]=k end return table.concat(r,",")
--=> k16,k19,k11,k17,k15,k20,k10,k8,k1,k12,k2,k9,k13,k18,k14,k6,k4,k5

--@@ next_order_mixed
local t={10,20,30,x=1,y=2,[1.5]=3,[-1]=4,[true]=5,[100]=6,[2^40]=7} local r={} for k,v in pairs(t) do r[#r+1]=tostring(k).."="..v end return table.concat(r,",")
--=> 1=10,2=20,3=30,y=2,x=1,1099511627776=7,100=6,true=5,1.5=3,-1=4

--@@ next_order_words
local t={} for w in ("the quick brown fox jumps over the lazy dog and then some more words that are longer than others because of reasons"):gmatch("%a+") do t[w]=(t[w] or 0)+1 end local r={} for k,v in pairs(t) do r[#r+1]=k..v end return table.concat(r,",")
--=> lazy1,others1,fox1,the2,brown1,longer1,are1,because1,words1,more1,reasons1,over1,and1,jumps1,dog1,than1,then1,of1,that1,quick1,some1

--@@ next_after_remove
local t={a=1,b=2,c=3,d=4} for k in pairs(t) do t[k]=nil end return tostring(next(t))..#t
--=> nil0

--@@ next_errors
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return t(next,{},"x").."|"..t(next,{1,2},3).."|"..tostring(next({}))..tostring(next({5}))
--=> invalid key to \'next\'|invalid key to \'next\'|nil1

--@@ metamethods
local mt={} mt.__add=function(a,b) return "add" end mt.__concat=function(a,b) return "cat" end mt.__eq=function() return true end mt.__lt=function() return true end mt.__le=function() return false end mt.__call=function(s,...) return "call"..select("#",...) end mt.__unm=function() return "unm" end mt.__len=function() return 42 end mt.__tostring=function() return "str" end mt.__index=function(t,k) return k.."!" end local a,b=setmetatable({},mt),setmetatable({},mt) return a+1 ..(1+a)..(a.."x")..("x"..a)..tostring(a==b)..tostring(a<b)..tostring(a<=b)..a(1,2)..(-a)..#a..tostring(a)..a.foo..tostring(a~=b)..tostring(a>b)
--=> addaddcatcattruetruefalsecall2unm0strfoo!falsetrue

--@@ metamethod_le_by_lt
local mt={__lt=function(a,b) return a.v<b.v end} local a,b=setmetatable({v=1},mt),setmetatable({v=2},mt) return tostring(a<=b)..tostring(b<=a)..tostring(a>=b)
--=> truefalsefalse

--@@ metamethod_newindex
local log={} local t=setmetatable({},{__newindex=function(t,k,v) rawset(t,k,v.."!") end}) t.a="x" t.a="y" local u={} local v=setmetatable({},{__newindex=u}) v.q=1 return t.a..tostring(rawget(v,"q"))..u.q
--=> ynil1

--@@ metamethod_concat_chain
local mt={__concat=function(a,b) local x=type(a)=="table" and "T" or a local y=type(b)=="table" and "T" or b return "("..x..y..")" end} local o=setmetatable({},mt) return "a".."b"..o.."c".."d"..1
--=> ab(Tcd1)

--@@ metatable_protect
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return 1 ..""
--=> 1

--@@ metatable_protected
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local x=setmetatable({},{__metatable="locked"}) return getmetatable(x).."|"..t(setmetatable,x,{}).."|"..type(getmetatable("")).."|"..tostring(getmetatable(1))
--=> locked|cannot change a protected metatable|table|nil

--@@ call_chain
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local a=setmetatable({},{__call=function(self,x) return x end}) local b=setmetatable({},{__call=a}) return tostring(a(5))..t(b,6)
--=> 5attempt to call a table value

--@@ coroutine_basic
local co=coroutine.create(function(a,b) local c=coroutine.yield(a+b) local d,e=coroutine.yield(c*2) return d+e end) local r={} for _,v in ipairs({{1,2},{10},{3,4},{}}) do local x={coroutine.resume(co,unpack(v))} r[#r+1]=tostring(x[1])..tostring(x[2]) end return table.concat(r,",")..coroutine.status(co)
--=> true3,true20,true7,falsecannot resume dead coroutinedead

--@@ coroutine_wrap
local f=coroutine.wrap(function() for i=1,3 do coroutine.yield(i) end end) local r="" r=r..f()..f()..f()..tostring(f()) local a,b=pcall(f) return r..b
--=> -user_script:1: bad argument #1 to \'tostring\' (value expected)

--@@ coroutine_error
local co=coroutine.create(function() error("oops") end) local a,b=coroutine.resume(co) local co2=coroutine.create(function() error({}) end) local c,d=coroutine.resume(co2) local w=coroutine.wrap(function() error("w") end) local e,f=pcall(w) return tostring(a)..b..type(d)..f..coroutine.status(co)
--=> falseuser_script:1: oopstableuser_script:1: wdead

--@@ coroutine_yield_across
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local co=coroutine.create(function() pcall(coroutine.yield,1) return "after" end) local a,b=coroutine.resume(co) local w=coroutine.create(function() local t=setmetatable({},{__index=function() coroutine.yield(1) end}) return t.x end) local c,d=coroutine.resume(w) return tostring(a)..tostring(b)..tostring(d)..t(coroutine.yield,1)
--=> trueafterattempt to yield across metamethod/C-call boundaryattempt to yield across metamethod/C-call boundary

--@@ coroutine_status
local co co=coroutine.create(function() return coroutine.status(co)..tostring(coroutine.running()==co)..tostring(coroutine.resume(co)) end) local a,b=coroutine.resume(co) return b..coroutine.status(co)..tostring(coroutine.running())..select(2,coroutine.resume(co))
--=> runningtruefalsedeadnilcannot resume dead coroutine

--@@ coroutine_generator
local function gen(n) return coroutine.wrap(function() for i=1,n do coroutine.yield(i,i*i) end end) end local r="" for i,s in gen(4) do r=r..i..":"..s.." " end return r
--=> 1:1 2:4 3:9 4:16 

--@@ coroutine_nested
local a=coroutine.wrap(function() local b=coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) coroutine.yield(b()+10) coroutine.yield(b()+20) end) return a()..a()
--=> 1122

--@@ coroutine_upvalues
local x=1 local co=coroutine.wrap(function() local y=5 local function f() y=y+1 x=x+1 return y end coroutine.yield(f) coroutine.yield(y) end) local f=co() f() f() return co()..x
--=> 73

--@@ coroutine_args
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return t(coroutine.create,1).."|"..t(coroutine.resume,1).."|"..t(coroutine.status).."|"..t(coroutine.wrap).."|"..t(coroutine.create,string.rep)
--=> bad argument #1 to \'?\' (Lua function expected)|bad argument #1 to \'?\' (coroutine expected)|bad argument #1 to \'?\' (coroutine expected)|bad argument #1 to \'?\' (Lua function expected)|bad argument #1 to \'?\' (Lua function expected)

--@@ yield_in_iterator
local co=coroutine.create(function() for x in function() return coroutine.yield(1) end do end end) local a,b=coroutine.resume(co) return tostring(a)..tostring(b)
--=> falseattempt to yield across metamethod/C-call boundary

--@@ load
local i=0 local f=load(function() i=i+1 return ({"return ","1","+2"})[i] end) local g,e=load(function() return "x x" end) local parts={"syntax"," error"} return f()..""
--=> 3

--@@ load_error
local n=0 local f,e=load(function() n=n+1 if n==1 then return "x x" end end,"=chunk") return tostring(f)..e
--=> nilchunk:1: \'=\' expected near \'x\'

--@@ loadstring
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local f=loadstring("return ...") local g,e=loadstring("return +","=c") local h,i=loadstring("x=") local j,k=loadstring("x x","@file") local l,m=loadstring("line1 x\nfoo bar") return f(7)..tostring(g)..e..i..k..m..t(loadstring)..t(load,1)
--=> 7nilc:1: unexpected symbol near \'+\'[string \"x=\"]:1: unexpected symbol near \'<eof>\'file:1: \'=\' expected near \'x\'[string \"line1 x...\"]:1: \'=\' expected near \'x\'bad argument #1 to \'?\' (string expected, got no value)bad argument #1 to \'?\' (function expected, got number)

--@@ loadstring_long_name
local f,e=loadstring("x = = "..("y"):rep(100)) local g,h=loadstring("x==","@"..("n"):rep(100)) local i,j=loadstring("x==","="..("n"):rep(100)) return e.."|"..h.."|"..j
--=> [string \"x = = yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...\"]:1: unexpected symbol near \'=\'|...nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:1: \'=\' expected near \'==\'|nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:1: \'=\' expected near \'==\'

--@@ syntax_0
local f,e=loadstring("\120","=s") return tostring(e)
--=> s:1: \'=\' expected near \'<eof>\'

--@@ syntax_1
local f,e=loadstring("\120\061","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_2
local f,e=loadstring("\120\061\061\049","=s") return tostring(e)
--=> s:1: \'=\' expected near \'==\'

--@@ syntax_3
local f,e=loadstring("\108\111\099\097\108","=s") return tostring(e)
--=> s:1: \'<name>\' expected near \'<eof>\'

--@@ syntax_4
local f,e=loadstring("\108\111\099\097\108\032\049","=s") return tostring(e)
--=> s:1: \'<name>\' expected near \'1\'

--@@ syntax_5
local f,e=loadstring("\105\102","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_6
local f,e=loadstring("\105\102\032\120","=s") return tostring(e)
--=> s:1: \'then\' expected near \'<eof>\'

--@@ syntax_7
local f,e=loadstring("\105\102\032\120\032\116\104\101\110","=s") return tostring(e)
--=> s:1: \'end\' expected near \'<eof>\'

--@@ syntax_8
local f,e=loadstring("\102\111\114","=s") return tostring(e)
--=> s:1: \'<name>\' expected near \'<eof>\'

--@@ syntax_9
local f,e=loadstring("\102\111\114\032\105","=s") return tostring(e)
--=> s:1: \'=\' or \'in\' expected near \'<eof>\'

--@@ syntax_10
local f,e=loadstring("\102\111\114\032\105\061\049","=s") return tostring(e)
--=> s:1: \',\' expected near \'<eof>\'

--@@ syntax_11
local f,e=loadstring("\102\111\114\032\105\061\049\044\050","=s") return tostring(e)
--=> s:1: \'do\' expected near \'<eof>\'

--@@ syntax_12
local f,e=loadstring("\102\111\114\032\105\032\105\110","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_13
local f,e=loadstring("\119\104\105\108\101","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_14
local f,e=loadstring("\119\104\105\108\101\032\049","=s") return tostring(e)
--=> s:1: \'do\' expected near \'<eof>\'

--@@ syntax_15
local f,e=loadstring("\114\101\112\101\097\116","=s") return tostring(e)
--=> s:1: \'until\' expected near \'<eof>\'

--@@ syntax_16
local f,e=loadstring("\114\101\112\101\097\116\032\117\110\116\105\108","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_17
local f,e=loadstring("\102\117\110\099\116\105\111\110","=s") return tostring(e)
--=> s:1: \'<name>\' expected near \'<eof>\'

--@@ syntax_18
local f,e=loadstring("\102\117\110\099\116\105\111\110\032\102","=s") return tostring(e)
--=> s:1: \'(\' expected near \'<eof>\'

--@@ syntax_19
local f,e=loadstring("\102\117\110\099\116\105\111\110\032\102\040","=s") return tostring(e)
--=> s:1: <name> or \'...\' expected near \'<eof>\'

--@@ syntax_20
local f,e=loadstring("\102\117\110\099\116\105\111\110\032\102\040\097\044","=s") return tostring(e)
--=> s:1: <name> or \'...\' expected near \'<eof>\'

--@@ syntax_21
local f,e=loadstring("\102\117\110\099\116\105\111\110\032\102\040\049\041","=s") return tostring(e)
--=> s:1: <name> or \'...\' expected near \'1\'

--@@ syntax_22
local f,e=loadstring("\114\101\116\117\114\110\032\114\101\116\117\114\110","=s") return tostring(e)
--=> s:1: unexpected symbol near \'return\'

--@@ syntax_23
local f,e=loadstring("\120\032\121","=s") return tostring(e)
--=> s:1: \'=\' expected near \'y\'

--@@ syntax_24
local f,e=loadstring("\120\046","=s") return tostring(e)
--=> s:1: \'<name>\' expected near \'<eof>\'

--@@ syntax_25
local f,e=loadstring("\120\058\121","=s") return tostring(e)
--=> s:1: function arguments expected near \'<eof>\'

--@@ syntax_26
local f,e=loadstring("\120\058\121\032\122","=s") return tostring(e)
--=> s:1: function arguments expected near \'z\'

--@@ syntax_27
local f,e=loadstring("\040\120\041","=s") return tostring(e)
--=> s:1: syntax error near \'<eof>\'

--@@ syntax_28
local f,e=loadstring("\040\120\041\061\049","=s") return tostring(e)
--=> s:1: syntax error near \'=\'

--@@ syntax_29
local f,e=loadstring("\120\040\041\061\049","=s") return tostring(e)
--=> s:1: unexpected symbol near \'=\'

--@@ syntax_30
local f,e=loadstring("\098\114\101\097\107","=s") return tostring(e)
--=> s:1: no loop to break near \'<eof>\'

--@@ syntax_31
local f,e=loadstring("\102\040","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_32
local f,e=loadstring("\102\040\049","=s") return tostring(e)
--=> s:1: \')\' expected near \'<eof>\'

--@@ syntax_33
local f,e=loadstring("\123","=s") return tostring(e)
--=> s:1: unexpected symbol near \'{\'

--@@ syntax_34
local f,e=loadstring("\120\061\123","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_35
local f,e=loadstring("\120\061\123\049","=s") return tostring(e)
--=> s:1: \'}\' expected near \'<eof>\'

--@@ syntax_36
local f,e=loadstring("\120\061\123\091\049\093\125","=s") return tostring(e)
--=> s:1: \'=\' expected near \'}\'

--@@ syntax_37
local f,e=loadstring("\120\061\123\097\061\125","=s") return tostring(e)
--=> s:1: unexpected symbol near \'}\'

--@@ syntax_38
local f,e=loadstring("\120\061\049\032\050","=s") return tostring(e)
--=> s:1: unexpected symbol near \'2\'

--@@ syntax_39
local f,e=loadstring("\120\061\034\097\098\099","=s") return tostring(e)
--=> s:1: unfinished string near \'<eof>\'

--@@ syntax_40
local f,e=loadstring("\120\061\034\097\092\110\098","=s") return tostring(e)
--=> s:1: unfinished string near \'<eof>\'

--@@ syntax_41
local f,e=loadstring("\120\061\091\091\097\098\099","=s") return tostring(e)
--=> s:1: unfinished long string near \'<eof>\'

--@@ syntax_42
local f,e=loadstring("\045\045\091\091\032\120","=s") return tostring(e)
--=> s:1: unfinished long comment near \'<eof>\'

--@@ syntax_43
local f,e=loadstring("\120\061\049\046\046\050","=s") return tostring(e)
--=> s:1: malformed number near \'1..2\'

--@@ syntax_44
local f,e=loadstring("\120\061\048\120","=s") return tostring(e)
--=> s:1: malformed number near \'0x\'

--@@ syntax_45
local f,e=loadstring("\120\061\049\101","=s") return tostring(e)
--=> s:1: malformed number near \'1e\'

--@@ syntax_46
local f,e=loadstring("\120\061\051\120","=s") return tostring(e)
--=> s:1: malformed number near \'3x\'

--@@ syntax_47
local f,e=loadstring("\120\061\034\092\092\051\048\048\034","=s") return tostring(e)
--=> nil

--@@ syntax_48
local f,e=loadstring("\120\061\046\046\046","=s") return tostring(e)
--=> nil

--@@ syntax_49
local f,e=loadstring("\102\117\110\099\116\105\111\110\032\102\040\041\032\114\101\116\117\114\110\032\046\046\046\032\101\110\100","=s") return tostring(e)
--=> s:1: cannot use \'...\' outside a vararg function near \'...\'

--@@ syntax_50
local f,e=loadstring("\101\110\100","=s") return tostring(e)
--=> s:1: \'<eof>\' expected near \'end\'

--@@ syntax_51
local f,e=loadstring("\101\108\115\101","=s") return tostring(e)
--=> s:1: \'<eof>\' expected near \'else\'

--@@ syntax_52
local f,e=loadstring("\117\110\116\105\108","=s") return tostring(e)
--=> s:1: \'<eof>\' expected near \'until\'

--@@ syntax_53
local f,e=loadstring("\120\061\125","=s") return tostring(e)
--=> s:1: unexpected symbol near \'}\'

--@@ syntax_54
local f,e=loadstring("\120\061\064","=s") return tostring(e)
--=> s:1: unexpected symbol near \'@\'

--@@ syntax_55
local f,e=loadstring("\120\061\036","=s") return tostring(e)
--=> s:1: unexpected symbol near \'$\'

--@@ syntax_56
local f,e=loadstring("\120\061\126","=s") return tostring(e)
--=> s:1: unexpected symbol near \'~\'

--@@ syntax_57
local f,e=loadstring("\120\061\097\046\049","=s") return tostring(e)
--=> s:1: unexpected symbol near \'.1\'

--@@ syntax_58
local f,e=loadstring("\120\061\091\061\120","=s") return tostring(e)
--=> s:1: invalid long string delimiter near \'[=\'

--@@ syntax_59
local f,e=loadstring("\097\110\100","=s") return tostring(e)
--=> s:1: unexpected symbol near \'and\'

--@@ syntax_60
local f,e=loadstring("\110\111\116","=s") return tostring(e)
--=> s:1: unexpected symbol near \'not\'

--@@ syntax_61
local f,e=loadstring("\120\061\110\111\116","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_62
local f,e=loadstring("\120\061\035","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_63
local f,e=loadstring("\120\061\045","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_64
local f,e=loadstring("\120\044\121","=s") return tostring(e)
--=> s:1: \'=\' expected near \'<eof>\'

--@@ syntax_65
local f,e=loadstring("\120\044\121\061","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<eof>\'

--@@ syntax_66
local f,e=loadstring("\108\111\099\097\108\032\120\044","=s") return tostring(e)
--=> s:1: \'<name>\' expected near \'<eof>\'

--@@ syntax_67
local f,e=loadstring("\108\111\099\097\108\032\102\117\110\099\116\105\111\110","=s") return tostring(e)
--=> s:1: \'<name>\' expected near \'<eof>\'

--@@ syntax_68
local f,e=loadstring("\108\111\099\097\108\032\102\117\110\099\116\105\111\110\032\049","=s") return tostring(e)
--=> s:1: \'<name>\' expected near \'1\'

--@@ syntax_69
local f,e=loadstring("\097\046\098\058\099\061\049","=s") return tostring(e)
--=> s:1: function arguments expected near \'=\'

--@@ syntax_70
local f,e=loadstring("\103\111\116\111","=s") return tostring(e)
--=> s:1: \'=\' expected near \'<eof>\'

--@@ syntax_71
local f,e=loadstring("\120\061\049\059\059","=s") return tostring(e)
--=> s:1: unexpected symbol near \';\'

--@@ syntax_72
local f,e=loadstring("\100\111","=s") return tostring(e)
--=> s:1: \'end\' expected near \'<eof>\'

--@@ syntax_73
local f,e=loadstring("\100\111\032\120\061\049","=s") return tostring(e)
--=> s:1: \'end\' expected near \'<eof>\'

--@@ syntax_74
local f,e=loadstring("\105\102\032\120\032\116\104\101\110\032\101\108\115\101\032\101\108\115\101\032\101\110\100","=s") return tostring(e)
--=> s:1: \'end\' expected near \'else\'

--@@ syntax_75
local f,e=loadstring("\101\108\115\101\105\102","=s") return tostring(e)
--=> s:1: \'<eof>\' expected near \'elseif\'

--@@ syntax_76
local f,e=loadstring("\102\111\114\032\097\044\098\032\100\111","=s") return tostring(e)
--=> s:1: \'in\' expected near \'do\'

--@@ syntax_77
local f,e=loadstring("\102\111\114\032\049\032\105\110","=s") return tostring(e)
--=> s:1: \'<name>\' expected near \'1\'

--@@ syntax_78
local f,e=loadstring("\102\111\114\032\097\046\098\032\105\110","=s") return tostring(e)
--=> s:1: \'=\' or \'in\' expected near \'.\'

--@@ syntax_79
local f,e=loadstring("\120\061\102\117\110\099\116\105\111\110","=s") return tostring(e)
--=> s:1: \'(\' expected near \'<eof>\'

--@@ syntax_80
local f,e=loadstring("\120\061\102\117\110\099\116\105\111\110\040","=s") return tostring(e)
--=> s:1: <name> or \'...\' expected near \'<eof>\'

--@@ syntax_81
local f,e=loadstring("\120\061\102\117\110\099\116\105\111\110\040\097","=s") return tostring(e)
--=> s:1: \')\' expected near \'<eof>\'

--@@ syntax_82
local f,e=loadstring("\120\061\102\117\110\099\116\105\111\110\040\046\046\046\044\097\041\032\101\110\100","=s") return tostring(e)
--=> s:1: \')\' expected near \',\'

--@@ syntax_83
local f,e=loadstring("\001","=s") return tostring(e)
--=> s:1: unexpected symbol near \'char(1)\'

--@@ syntax_84
local f,e=loadstring("\120\032\061\032\092","=s") return tostring(e)
--=> s:1: unexpected symbol near \'\\\'

--@@ syntax_85
local f,e=loadstring("\120\061\034\092","=s") return tostring(e)
--=> s:1: unfinished string near \'<eof>\'

--@@ syntax_86
local f,e=loadstring("\097\010\098\010\040\099\041","=s") return tostring(e)
--=> s:2: \'=\' expected near \'b\'

--@@ syntax_87
local f,e=loadstring("\102\010\040\049\041","=s") return tostring(e)
--=> s:2: ambiguous syntax (function call x new statement) near \'(\'

--@@ syntax_88
local f,e=loadstring("\105\102\032\120\032\116\104\101\110\010\010\010\120\061","=s") return tostring(e)
--=> s:4: unexpected symbol near \'<eof>\'

--@@ syntax_89
local f,e=loadstring("\102\117\110\099\116\105\111\110\032\102\040\041\010\010","=s") return tostring(e)
--=> s:3: \'end\' expected (to close \'function\' at line 1) near \'<eof>\'

--@@ syntax_90
local f,e=loadstring("\114\101\116\117\114\110\010\040","=s") return tostring(e)
--=> s:2: unexpected symbol near \'<eof>\'

--@@ syntax_91
local f,e=loadstring("\120\032\061\032\123\010\010\049","=s") return tostring(e)
--=> s:3: \'}\' expected (to close \'{\' at line 1) near \'<eof>\'

--@@ syntax_92
local f,e=loadstring("\120\061\034\097\000\098\034\032\121","=s") return tostring(e)
--=> s:1: \'=\' expected near \'<eof>\'

--@@ syntax_93
local f,e=loadstring("\034\097\098\099\034","=s") return tostring(e)
--=> s:1: unexpected symbol near \'\"abc\"\'

--@@ syntax_94
local f,e=loadstring("\049","=s") return tostring(e)
--=> s:1: unexpected symbol near \'1\'

--@@ syntax_95
local f,e=loadstring("\110\105\108","=s") return tostring(e)
--=> s:1: unexpected symbol near \'nil\'

--@@ syntax_96
local f,e=loadstring("\120\061\097\032\098","=s") return tostring(e)
--=> s:1: \'=\' expected near \'<eof>\'

--@@ syntax_97
local f,e=loadstring("\108\111\099\097\108\032\097\060\099\111\110\115\116\062\061\049","=s") return tostring(e)
--=> s:1: unexpected symbol near \'<\'

--@@ syntax_98
local f,e=loadstring("\120\061\033\049","=s") return tostring(e)
--=> s:1: unexpected symbol near \'!\'

--@@ syntax_99
local f,e=loadstring("\120\047\047\050","=s") return tostring(e)
--=> s:1: \'=\' expected near \'/\'

--@@ syntax_100
local f,e=loadstring("\120\061\049\047\047\050","=s") return tostring(e)
--=> s:1: unexpected symbol near \'/\'

--@@ syntax_101
local f,e=loadstring("\120\061\097\038\098","=s") return tostring(e)
--=> s:1: unexpected symbol near \'&\'

--@@ syntax_102
local f,e=loadstring("\058\058\108\058\058","=s") return tostring(e)
--=> s:1: unexpected symbol near \':\'

--@@ syntax_103
local f,e=loadstring("\120\061\126\061\049","=s") return tostring(e)
--=> s:1: unexpected symbol near \'~=\'

--@@ syntax_104
local f,e=loadstring("\110\111\116\061\049","=s") return tostring(e)
--=> s:1: unexpected symbol near \'not\'

--@@ syntax_main
x = = 1
--=> -user_script:1: unexpected symbol near \'=\'

--@@ syntax_levels
local function n(a,b,k) return loadstring("return "..a:rep(k)..b:rep(k)) end local r={} for _,p in ipairs({{"(",")"},{"{","}"},{"-",""},{"not ",""}}) do for _,k in ipairs({190,198,199,200,201,300}) do local f,e=n(p[1],p[2],k) r[#r+1]=k..":"..(e and e:match("[^:]*$") or "ok") end end return table.concat(r,";")
--=> 190: unexpected symbol near \')\';198: chunk has too many syntax levels;199: chunk has too many syntax levels;200: chunk has too many syntax levels;201: chunk has too many syntax levels;300: chunk has too many syntax levels;190:ok;198:ok;199: chunk has too many syntax levels;200: chunk has too many syntax levels;201: chunk has too many syntax levels;300: chunk has too many syntax levels;190:ok;198:ok;199:ok;200:ok;201:ok;300:ok;190: unexpected symbol near \'<eof>\';198: chunk has too many syntax levels;199: chunk has too many syntax levels;200: chunk has too many syntax levels;201: chunk has too many syntax levels;300: chunk has too many syntax levels

--@@ syntax_levels_blocks
local r={} for _,k in ipairs({100,190,197,198,199,200,201}) do local f,e=loadstring(("do "):rep(k)..("end "):rep(k)) r[#r+1]=k..":"..(e and e:match("[^:]*$") or "ok") local f,e=loadstring(("if 1 then "):rep(k)..("end "):rep(k)) r[#r+1]=k..":"..(e and e:match("[^:]*$") or "ok") local f,e=loadstring(("function f() "):rep(k)..("end "):rep(k)) r[#r+1]=k..":"..(e and e:match("[^:]*$") or "ok") end return table.concat(r,";")
--=> 100:ok;100:ok;100:ok;190:ok;190:ok;190:ok;197:ok;197:ok;197:ok;198:ok;198:ok;198:ok;199: chunk has too many syntax levels;199: chunk has too many syntax levels;199: chunk has too many syntax levels;200: chunk has too many syntax levels;200: chunk has too many syntax levels;200: chunk has too many syntax levels;201: chunk has too many syntax levels;201: chunk has too many syntax levels;201: chunk has too many syntax levels

--@@ limit_locals
local s="" for i=1,201 do s=s.."local a"..i.."\n" end local f,e=loadstring(s) local f2,e2=loadstring("function q() "..s.." end") return e..e2
--=> [string \"local a1...\"]:202: main function has more than 200 local variables[string \"function q() local a1...\"]:202: function at line 1 has more than 200 local variables

--@@ limit_upvalues
local s="" for i=1,61 do s=s.."local a"..i.."\n" end s=s.."return function() return 0" for i=1,61 do s=s.."+a"..i end s=s.." end" local f,e=loadstring(s) return e
--=> [string \"local a1...\"]:62: function at line 62 has more than 60 upvalues

--@@ limit_registers
local s="return f("..("1,"):rep(300).."1)" local f,e=loadstring(s) local g,h=loadstring("local a="..("{"):rep(10)..("}"):rep(10)) local i,j=loadstring("x="..("a.."):rep(300).."a") return tostring(e).."|"..tostring(h).."|"..tostring(j)
--=> [string \"return f(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,...\"]:1: function or expression too complex near \'1\'|nil|[string \"x=a..a..a..a..a..a..a..a..a..a..a..a..a..a..a..a..a..a..a..a..a...\"]:1: chunk has too many syntax levels

--@@ limit_constants
local t={} for i=1,70000 do t[i]="x="..i..".5" end local f,e=loadstring(table.concat(t," ")) return tostring(e)
--=> nil

--@@ limit_assign
local s=("a,"):rep(250).."a=1" local f,e=loadstring(s) return tostring(e)
--=> [string \"a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a...\"]:1: main function has more than 198 variables in assignment

--@@ many_constants
local t={"local t={}"} for i=1,600 do t[#t+1]="t["..i.."]="..i..".25 t.k"..i.."=t["..i.."] .. \"s"..i.."\"" end t[#t+1]="return t[600]..t.k599" return loadstring(table.concat(t,"\n"))()
--=> 600.25599.25s599

--@@ setlist_large
local t={} for i=1,26000 do t[i]=i end local s="return {"..table.concat(t,",").."}" local u=loadstring(s)() return #u..":"..u[26000]
--=> 26000:26000

--@@ getfenv_setfenv
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local function f() return x end setfenv(f,{x=5}) local e=getfenv(f) return f()..e.x..tostring(getfenv()==_G)..tostring(getfenv(1)==_G)..t(setfenv,string.rep,{})..t(setfenv,1)..t(getfenv,-1)..t(getfenv,50)
--=> 55truetrue\'setfenv\' cannot change environment of given objectbad argument #2 to \'?\' (table expected, got no value)bad argument #1 to \'?\' (level must be non-negative)bad argument #1 to \'?\' (invalid level)

--@@ select
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return select("#")..select("#",nil,nil)..select(-1,1,2,3)..select(2,1,2,3)..t(select,0).."|"..t(select,-5,1).."|"..t(select).."|"..tostring(select(5,1,2))
--=> -user_script:2: bad argument #1 to \'tostring\' (value expected)

--@@ unpack
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local a,b,c=unpack({1,2,3}) local d,e=unpack({1,2,3},2,3) return a..b..c..d..e..tostring((unpack({},1,0)))..t(unpack,{},1,1e7).."|"..t(unpack,{},1,8000).."|"..t(unpack).."|"..select("#",unpack({},1,7990))
--=> 12323niltoo many results to unpack|too many results to unpack|bad argument #1 to \'?\' (table expected, got no value)|7990

--@@ rawfuncs
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local t_=setmetatable({},{__index=function() return 1 end,__eq=function() return true end}) return tostring(rawget(t_,"x"))..tostring(rawequal(t_,t_))..tostring(rawequal(t_,{}))..t(rawget,1,2).."|"..t(rawset,{},nil,1).."|"..t(rawequal,1).."|"..tostring(rawset({},1,2)[1])
--=> niltruefalsebad argument #1 to \'?\' (table expected, got number)|table index is nil|bad argument #2 to \'?\' (value expected)|2

--@@ tonumber
local r={} for _,v in ipairs({"10","0x1f"," 12 ","1e3","1e","","  ","abc","1 2","0x","-5","+5","- 5","1.5.5","inf","nan","infinity","0x1p3",".5","5.","1_000","1e400","-1e400","0b1","١"}) do r[#r+1]=tostring(tonumber(v)) end r[#r+1]=tostring(tonumber(nil)) r[#r+1]=tostring(tonumber({})) r[#r+1]=tostring(tonumber(5)) return table.concat(r,"|")
--=> 10|31|12|1000|nil|nil|nil|nil|nil|nil|-5|5|nil|nil|inf|nan|inf|8|0.5|5|nil|inf|-inf|nil|nil|nil|nil|5

--@@ tonumber_base
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
local r={} for _,v in ipairs({{"ff",16},{"FF",16},{"0xff",16},{"zz",36},{"10",2},{"12",2},{"-1",16},{" 7 ",8},{"8",8},{"",10},{"",16},{"1.5",16},{"99999999999999999999999",16},{"+a",16},{"0x",16},{"7fffffffffffffff",16},{10,8}}) do r[#r+1]=tostring(tonumber(v[1],v[2])) end return table.concat(r,"|")..t(tonumber,"1",1)..t(tonumber,"1",37)..t(tonumber,{},16)
--=> 255|255|255|1295|2|nil|1.844674407371e+19|7|nil|nil|nil|nil|1.844674407371e+19|10|nil|9.2233720368548e+18|8bad argument #2 to \'?\' (base out of range)bad argument #2 to \'?\' (base out of range)bad argument #1 to \'?\' (string expected, got table)

--@@ tostring
return tostring(nil)..tostring(true)..tostring(12)..tostring(-1.5)..tostring('x')..tostring(1e14)..tostring(1e15)..tostring(123456.789e3)..tostring(2^63)..tostring(-2^63)..tostring(2^31)
--=> niltrue12-1.5x1e+141e+151234567899.2233720368548e+18-9.2233720368548e+182147483648

--@@ type
local function t(f,...) local a,b=pcall(f,...) return tostring(b) end
return type(1)..type("")..type({})..type(print or 1)..t(type)
--=> -user_script:2: Script attempted to access nonexistent global variable \'print\'

--@@ number_format
local r={} for _,v in ipairs({0.1,1/3,100,1e14,1e15,1e16,123456789.123,-0.0,1e-5,1e-4,123e-7,5e-324,1.7976931348623157e308,99999999999999,999999999999999,0.30000000000000004,1e21}) do r[#r+1]=tostring(v) end return table.concat(r,"|")
--=> 0.1|0.33333333333333|100|1e+14|1e+15|1e+16|123456789.123|-0|1e-05|0.0001|1.23e-05|4.9406564584125e-324|1.7976931348623e+308|99999999999999|1e+15|0.3|1e+21

--@@ string_coercion
return "10"+1 .."|".. "3"*"4" .."|".. 10 .. 20 .."|"..tostring("10"==10).."|"..-"3".."|"..("5")^2
--=> 11|12|1020|false|-3|25

--@@ string_escapes
return "\a\b\f\v\0end\q\9"
--=> \x07\x08\x0c\x0b\x00endq\t

--@@ gc_cycles
local a for i=1,20000 do a={a=nil,b={i}} a.self=a end return a.b[1]..""
--=> 20000

--@@ gc_strings
local s=0 for i=1,20000 do local x="str"..i s=s+#x end return s..""
--=> 148894

--@@ gc_closures
local f for i=1,20000 do local j=i f=function() return j end end return f()..""
--=> 20000

--@@ gc_weak
local w=setmetatable({},{__mode="k"}) for i=1,100 do w[{}]=i end local v=setmetatable({},{__mode="v"}) for i=1,100 do v[i]={} end local keep={} v[101]=keep w[keep]=1 collectgarbage() local n=0 for k in pairs(w) do n=n+1 end for k in pairs(v) do n=n+1 end return n..""
--=> 2

--@@ gc_coroutines
local n=0 for i=1,1000 do local co=coroutine.wrap(function() coroutine.yield(i) end) n=n+co() end return n..""
--=> 500500

--@@ fib
local function fib(n) if n<2 then return n end return fib(n-1)+fib(n-2) end return fib(20)..""
--=> 6765

--@@ sieve
local t={} for i=2,1000 do t[i]=true end for i=2,31 do if t[i] then for j=i*i,1000,i do t[j]=false end end end local n=0 for i=2,1000 do if t[i] then n=n+1 end end return n..""
--=> 168

--@@ queens
local N=6 local c=0 local function ok(a,n,col) for i=1,n-1 do if a[i]==col or a[i]-i==col-n or a[i]+i==col+n then return false end end return true end local function q(a,n) if n>N then c=c+1 else for i=1,N do if ok(a,n,i) then a[n]=i q(a,n+1) end end end end q({},1) return c..""
--=> 4
