// Package jq runs the jq programs of a config on foreign JSON: payload.transform on rows,
// answers.success_if and answers.rejected_rows on answers.
//
// A program can do nothing but compute: input, env, debug, now, the local time zone, halting and
// modules are refused when it is compiled. It is bounded in steps, in bytes and in the depth of
// what it makes, by budgets that follow the size of its input and no clock: the same row has the
// same result on every machine. The try of a program does not catch that it exceeds a budget.
//
// gojq counts nothing itself. Steps are counted when it asks its context whether to stop, which it
// does at each instruction. Bytes are counted by functions that are compiled into the program
// before every operator and builtin that can make or read much in one step; see guard and prelude.
// A count is an estimate of what is allocated or read, and adds up over a run, so a run never has
// more memory at a time than a few times its budget.
//
// Two things make it fast: members of the input that a program cannot read are not decoded, see
// members, and gojq's stacks are kept for the next input, see instance.
package jq
