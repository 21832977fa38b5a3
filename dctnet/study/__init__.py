"""python -m dctnet.study: which method do people prefer? (paper, Table 1, Pref. A and B)"""
