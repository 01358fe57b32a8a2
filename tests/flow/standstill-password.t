# an application stands still for 4.5 s and answers meanwhile: the late carets of the text do not count for the password typed behind it
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
object 11 caret=4500ms
object 12 caret=1500ms
+1s type ab
+3200ms button down
+10ms button up
into 12
press x
+5ms release x
press y
+5ms release y
+1250ms field 12
+3s object 11 caret=2ms
press Tab
+5ms release Tab
field 11
+3s type c
+1s type d
--
0 start
0 focus app=gedit
1000..2000 span unknown
4400 button_down code=272
4410 button_up code=272
4410..9000 span password
11675 key_down letter code=46
11705 key_up letter code=46
12775 key_down letter code=32
12805 key_up letter code=32
