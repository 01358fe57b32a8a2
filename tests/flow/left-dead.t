# the window is left right behind a word, and its field answers no more: nobody says that it was none for passwords
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/geany pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 13 pid=10 role=other
object 22 pid=20 role=text
focus 1
field 11
+1s type ab
focus 2
field 22
object 11 pid=10 role=dead
+5s type c
--
0 start
0 focus app=gedit
1000..2000 span unknown
2000 focus app=geany
6200 key_down letter code=46
6230 key_up letter code=46
