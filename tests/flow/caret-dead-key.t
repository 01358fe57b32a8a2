# a key that types nothing itself moves no caret, as a dead key: the characters after it are kept
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 14 pid=10 role=text
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 1
field 11
+1s type ab
press Escape
+30ms release Escape
+70ms type cd
+2s type e
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
1200 key_down other code=1
1230 key_up other code=1
1300 key_down letter code=46
1330 key_up letter code=46
1400 key_down letter code=32
1430 key_up letter code=32
3500 key_down letter code=18
3530 key_up letter code=18
