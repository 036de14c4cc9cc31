#!/bin/sh
# Makes the two font subsets beside this file from Debian's fonts-dejavu-core (2.37), with fonttools.
# Regular: Latin, Greek, Cyrillic, for every label. Bold: Latin, for titles; what it lacks is set in regular.
set -eu
cd "$(dirname "$0")"
marks=U+2010-2015,U+2018-201E,U+2020-2022,U+2026,U+2030,U+20AC,U+2192,U+2212,U+2248,U+2260,U+2264,U+2265,U+221E,U+FFFD
subset() {
    python3 -m fontTools.subset "/usr/share/fonts/truetype/dejavu/$1.ttf" --unicodes="$2,$marks" \
        --no-hinting --layout-features='' --drop-tables+=GSUB,GPOS,GDEF,kern,FFTM,DSIG,gasp \
        --output-file="$1-subset.ttf"
}
subset DejaVuSans U+20-7E,U+A0-17F,U+370-3FF,U+400-45F
subset DejaVuSans-Bold U+20-7E,U+A0-FF
