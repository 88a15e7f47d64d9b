#lang racket ; expect: compile_error
(display (no-such-name
