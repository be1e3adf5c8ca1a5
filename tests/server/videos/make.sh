#!/bin/sh
# Makes the films beside it anew: one second of red, with a workflow said in each of the ways that ffmpeg has.
set -e
cd "$(dirname "$0")"
text='{"weft":{"inputs":{},"nodes":{"words":{"inputs":{"text":"a red circle"},"type":"text.value","version":1}},"outputs":{},"title":"Straße","weft":1},"workflow":"street"}'
film() { ffmpeg -v error -y -f lavfi -i color=red:s=16x16:r=2:d=1 -c:v mpeg4 -bitexact "$@"; }
film -movflags use_metadata_tags -metadata "weft=$text" keys.mp4
film -movflags use_metadata_tags -metadata "weft=$text" keys.mov
film -metadata "comment=weft:$text" comment.mp4
