# a busy display gave it to whoever had taken the keyboard meanwhile: the kernel's time, which is from before that, is only what would be kept
study keys=code key_time=exact apps=id
consent given
window 3 exe=/usr/bin/foot pid=30 terminal
focus 3
+1s skew 1ms
type a
sampling off
skew 90ms
+1s press k
+6ms sample
grab on
+100ms sample
+1ms release k
grab off
+1s skew 1ms
sampling on
type b
--
0 start
0 focus app=foot
1000 key_down letter code=30
1030 key_up letter code=30
2000..3000 span grab
3207 key_down letter code=48
3237 key_up letter code=48
