# Enter and Backspace where nothing is typed (a keypad of buttons): masked; arrows are kept
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/geany pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 13 pid=10 role=other
object 22 pid=20 role=text
focus 1
field 13
+1s press Left
+20ms release Left
+2s press Return
+20ms release Return
+100ms press BackSpace
+20ms release BackSpace
+5s field 11
+3s type c
--
0 start
0 focus app=gedit
1000 key_down navigation code=105
1020 key_up navigation code=105
3000..4000 span unknown
11160 key_down letter code=46
11190 key_up letter code=46
