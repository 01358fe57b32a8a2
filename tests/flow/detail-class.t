# class: no code, no text
study keys=class key_time=exact
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 1
field 11
+1s type a1 ,\
--
0 start
0 focus app=gedit
1000 key_down letter
1030 key_up letter
1100 key_down digit
1130 key_up digit
1200 key_down space
1230 key_up space
1300 key_down punctuation
1330 key_up punctuation
1400 key_down enter
1430 key_up enter
