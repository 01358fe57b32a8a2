# a key replaces a selection: two carets for it, and the keys behind it stay theirs
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
+1s press a
+1ms caret 11
+30ms release a
+70ms type bc
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1031 key_up letter code=30
1101 key_down letter code=48
1131 key_up letter code=48
1201 key_down letter code=46
1231 key_up letter code=46
