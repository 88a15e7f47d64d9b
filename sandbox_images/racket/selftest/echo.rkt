#lang racket ; expect: passed
(copy-port (current-input-port) (current-output-port))
