// expect: passed
package twice_test

import "testing"

func twice(n int) int { return 2 * n }

func TestTwice(t *testing.T) {
	if twice(2) != 4 {
		t.Fail()
	}
}
