# a window turns out to be excluded right behind a word: it was one before
study keys=code key_time=exact apps=id exclude=vault*
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
window 1 exe=/usr/bin/gedit pid=10 class=vault
focus 1
+5s motion 1 1
stop
--
0 start
0 focus app=gedit
1000..2000 span excluded-app
2000..7000 span excluded-app
7000 stop
