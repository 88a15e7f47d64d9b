// expect: runtime_error
package twice_test

import "testing"

func twice(n int) int { return n }

func TestTwice(t *testing.T) {
	if twice(2) != 4 {
		t.Fail()
	}
}
