# a click into a text field, a word, and Tab to the password field: the word is kept
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
object 12 pid=10 role=password
focus 1
field 11
+1s button down
+10ms button up
+200ms type ab
press Tab
+2ms field 12
+20ms release Tab
press t
+1ms release t
+600ms field 11
+5s type c
--
0 start
0 focus app=gedit
1000 button_down code=272
1010 button_up code=272
1210 key_down letter code=30
1240 key_up letter code=30
1310 key_down letter code=48
1340 key_up letter code=48
1340..3000 span password
7033 key_down letter code=46
7063 key_up letter code=46
