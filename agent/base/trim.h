/* SPDX-License-Identifier: Apache-2.0 */
/* Gives back memory: the pages of code and constants that only the start needed, and the heap's. */
#ifndef ASSENT_TRIM_H
#define ASSENT_TRIM_H

/* Unmaps the clean pages of all loaded code and constants; what runs again is read again from the page cache. Touches no data.
 * Worth a megabyte and more in a process that waits for the rest of its life. */
void trim_text(void);

/* Gives back what the heap has free, also in its middle: after work that took much and comes seldom. */
void trim_heap(void);

#endif
