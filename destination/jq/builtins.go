package jq

import _ "embed"

// plain are the builtins that do little in one step, as name/arity. A program uses them as they
// are.
const plain = `empty/0 not/0 select/1 range/1 range/2 range/3 while/2 until/2 repeat/1 first/0
first/1 last/0 last/1 nth/1 nth/2 limit/2 skip/2 isempty/1 error/0 error/1 type/0 values/0 nulls/0
booleans/0 numbers/0 strings/0 arrays/0 objects/0 iterables/0 scalars/0 finites/0 normals/0
utf8bytelength/0 has/1 toboolean/0 infinite/0 nan/0 gmtime/0 mktime/0`

// measured are the builtins that read their input and arguments whole. Each is measured before it
// runs.
const measured = `length/0 keys/0 tostring/0 reverse/0 implode/0 ltrim/0 rtrim/0 trim/0
ascii_downcase/0 ascii_upcase/0 tojson/0 flatten/0 flatten/1 min/0 max/0 sort/0 unique/0
to_entries/0 from_entries/0 startswith/1 endswith/1 ltrimstr/1 rtrimstr/1 trimstr/1 bsearch/1
strptime/1 fromdateiso8601/0 todateiso8601/0 fromdate/0 todate/0 format/1 add/0 recurse/0
abs/0 isnan/0 isinfinite/0 isfinite/0 isnormal/0 floor/0 round/0 ceil/0 trunc/0 sqrt/0 cbrt/0 fabs/0
nearbyint/0 rint/0 significand/0 exp/0 exp10/0 exp2/0 expm1/0 log/0 log10/0 log1p/0 log2/0 logb/0
gamma/0 tgamma/0 lgamma/0 frexp/0 modf/0 sin/0 cos/0 tan/0 asin/0 acos/0 atan/0 sinh/0 cosh/0 tanh/0
asinh/0 acosh/0 atanh/0 erf/0 erfc/0 atan2/2 copysign/2 drem/2 fdim/2 fmax/2 fmin/2 fmod/2 hypot/2
ldexp/2 nextafter/2 nexttoward/2 pow/2 remainder/2 scalb/2 scalbln/2`

// taken are the builtins that take a text apart.
const taken = `explode/0 split/1`

// parsed are the builtins that read a text as JSON.
const parsed = `fromjson/0 tonumber/0`

// filtered are the builtins that read their input whole and run a filter on its parts.
const filtered = `map_values/1 with_entries/1 walk/1 recurse/2`

// products are the builtins whose work is the product of their two sides.
const products = `contains/1 indices/1 index/1 rindex/1 join/1`

// special are gojq's own functions, each with a measure of its own.
//
//go:embed special.jq
var special string

// definitions are gojq's own definitions, written again on top of what is measured.
//
//go:embed definitions.jq
var definitions string

// absent are builtins of jq that gojq's own list lacks, and that are refused like others.
const absent = `debug/0 stderr/0 input/0 inputs/0 env/0 halt/0 input_filename/0 input_line_number/0
get_search_list/0 $__prog_args/0 $__loc__/0`
