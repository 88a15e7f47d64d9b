from collections import namedtuplee
