// Package report runs tests and tells how each ended; engine/checks/framework.py has the form.
package report

import (
	"a/first"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/internal/testdeps"
)

// Test is a test by its name.
type Test struct {
	Name string
	Func func(*testing.T)
}

var (
	good, other    []string
	file           int
	mutex          sync.Mutex
	written, ended int
)

func init() {
	lines := strings.SplitN(string(first.Given), "\n", 3)
	if len(lines) < 3 {
		return
	}
	good, other = strings.Fields(lines[0]), strings.Fields(lines[1])
	file, _ = syscall.Open("veristone.report", syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL|syscall.O_CLOEXEC, 0o644)
}

func tell(kind, name, message string) {
	mutex.Lock()
	defer mutex.Unlock()
	tokens := other
	if kind == "pass" || kind == "skip" {
		tokens = good
	}
	if written >= len(tokens) {
		os.Exit(1)
	}
	if kind != "plan" {
		ended++
	}
	line := fmt.Sprintf("%s\t%s\t%s\t%s\n", tokens[written], kind, plain(name), plain(message))
	written++
	if n, err := syscall.Write(file, []byte(line)); err != nil || n != len(line) {
		os.Exit(1)
	}
}

func plain(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' }), " ")
	if len(text) > 300 {
		return text[:300]
	}
	return text
}

// Run runs the tests and ends the program.
func Run(tests []Test) {
	var all []testing.InternalTest
	for _, test := range tests {
		tell("plan", test.Name, "")
		all = append(all, testing.InternalTest{Name: test.Name, F: watched(test)})
	}
	testing.MainStart(testdeps.TestDeps{}, all, nil, nil, nil).Run()
	tell("done", fmt.Sprint(ended), "")
	os.Exit(0)
}

// watched tells of a test when all that it left to clean up is done, which is when its own cleanup is the last. A test
// that does not come to its end has failed by a call of its own, or the solution ended its goroutine.
func watched(test Test) func(*testing.T) {
	return func(t *testing.T) {
		whole, told := false, false
		t.Cleanup(func() {
			switch {
			case told:
			case t.Failed():
				tell("fail", test.Name, said(t))
			case t.Skipped():
				tell("skip", test.Name, said(t))
			case !whole:
				tell("error", test.Name, "the test was left before its end")
			default:
				tell("pass", test.Name, "")
			}
		})
		defer func() {
			if whole {
				return
			}
			if raised := recover(); raised != nil {
				told = true
				tell("error", test.Name, fmt.Sprintf("panic: %v", raised))
				panic(raised)
			}
		}()
		test.Func(t)
		whole = true
	}
}

// said returns what a test said, which `testing` keeps for itself until it prints it.
func said(t *testing.T) string {
	kept := reflect.ValueOf(t).Elem().FieldByName("output")
	if !kept.IsValid() || kept.Kind() != reflect.Slice {
		return ""
	}
	return strings.TrimSpace(string(kept.Bytes()))
}
