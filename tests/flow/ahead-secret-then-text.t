# the dialog's password field was told before its FocusIn; typed, then Tab to a text field, within the limit of 3 s
study keys=code key_time=exact apps=id
window 1 exe=/usr/bin/editor pid=100
window 2 exe=/usr/bin/editor pid=100
object 20 pid=100 role=text
object 21 pid=100 role=text
object 22 pid=100 role=password
consent given
focus 1
field 20
+2900ms field 22
+10ms focus 2
+150ms type xyz
press Tab
+5ms release Tab
+5ms field 21
+1s type ok
+3s motion 1 1
--
0 start
0 focus app=editor
2000..3000 span password
3000..4000 span password
4000 focus app=editor
4370 key_down letter code=24
4400 key_up letter code=24
4470 key_down letter code=37
4500 key_up letter code=37
7570 motion at=1,1
