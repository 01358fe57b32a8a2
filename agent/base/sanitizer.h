/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASSENT_SANITIZED is 1 in AddressSanitizer builds. Those need terabytes of reserved addresses, their own
 * allocator, and at exit a thread that stops the process to look for leaks: the sandbox makes room for that.
 */
#ifndef ASSENT_SANITIZER_H
#define ASSENT_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__)
#define ASSENT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASSENT_SANITIZED 1
#endif
#endif
#ifndef ASSENT_SANITIZED
#define ASSENT_SANITIZED 0
#endif

#endif
