#lang racket ; expect: cpu_timeout
(let loop () (loop))
